using Sidestep.Native;

namespace Sidestep.Engine.Xdp;

/// <summary>The folder on a bpffs that keeps one director alive while no process holds it.</summary>
/// <param name="pinPath">Folder of all directors, e.g. <c>/sys/fs/bpf/sidestep</c>.</param>
/// <param name="name">Name of this one.</param>
internal sealed class PinDirectory(string pinPath, string name)
{
    private const string UsualMountPoint = "/sys/fs/bpf";
    private const string LinkPrefix = "link_";

    /// <summary>The folder.</summary>
    internal string Path { get; } = System.IO.Path.Combine(pinPath, name);

    /// <summary>Makes the folder, mounting a bpffs when there is none.</summary>
    /// <returns>True when it had to be mounted.</returns>
    internal bool Ensure() => Kernel.EnsureBpfFs(Path, IsBelow(pinPath, UsualMountPoint) ? UsualMountPoint : pinPath);

    /// <summary>Opens all pinned maps; null when none are pinned.</summary>
    /// <param name="missing">Names of the maps that are not pinned although others are.</param>
    internal Dictionary<string, BpfMap>? OpenMaps(out IReadOnlyList<string> missing)
    {
        var maps = new Dictionary<string, BpfMap>();
        foreach (var map in StateMaps.Names)
        {
            if (BpfMap.OpenPinned(MapPath(map)) is { } opened)
                maps.Add(map, opened);
        }
        missing = [.. StateMaps.Names.Where(n => !maps.ContainsKey(n))];
        if (maps.Count == StateMaps.Names.Length)
            return maps;
        foreach (var map in maps.Values)
            map.Dispose();
        return null;
    }

    /// <summary>Pins one map, replacing what had its name.</summary>
    internal void PinMap(string map, BpfMap opened) => opened.Pin(MapPath(map));

    /// <summary>The interfaces that have a pinned link.</summary>
    internal IEnumerable<string> LinkedInterfaces() => Directory.Exists(Path)
        ? Directory.EnumerateFiles(Path, LinkPrefix + "*").Select(static p => System.IO.Path.GetFileName(p)[LinkPrefix.Length..])
            .Where(static n => !n.EndsWith("_new", StringComparison.Ordinal)).Select(static n => n.Replace('~', '.')).Order(StringComparer.Ordinal)
        : [];

    /// <summary>Where the link of an interface is pinned. A bpffs refuses dots, which names of VLAN interfaces have.</summary>
    internal string LinkPath(string interfaceName) => System.IO.Path.Combine(Path, LinkPrefix + interfaceName.Replace('.', '~'));

    /// <summary>Unpins everything and removes the folder.</summary>
    internal void Remove()
    {
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
    }

    private string MapPath(string map) => System.IO.Path.Combine(Path, "map_" + map.TrimStart('.'));

    private static bool IsBelow(string path, string parent) =>
        path == parent || path.StartsWith(parent + "/", StringComparison.Ordinal);
}
