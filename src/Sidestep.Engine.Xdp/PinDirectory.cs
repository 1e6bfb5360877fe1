using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Engine.Xdp;

/// <summary>The folder on a bpffs that keeps one director alive while no process holds it.</summary>
/// <param name="pinPath">Folder of all directors, e.g. <c>/sys/fs/bpf/sidestep</c>.</param>
/// <param name="name">Name of this one.</param>
internal sealed class PinDirectory(string pinPath, string name)
{
    private const string UsualMountPoint = "/sys/fs/bpf";

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

    /// <summary>The interfaces that have a pinned link, and in which mode it was made: the kernel tells only who asks in the
    /// interface's own network namespace.</summary>
    internal IReadOnlyList<(string Interface, Driver Mode)> Links() => Directory.Exists(Path)
        ?
        [
            .. from mode in new[] { Driver.Native, Driver.Generic }
               from path in Directory.EnumerateFiles(Path, LinkPrefix(mode) + "*")
               let name = System.IO.Path.GetFileName(path)[LinkPrefix(mode).Length..]
               where !name.EndsWith("_new", StringComparison.Ordinal)
               orderby name
               select (name.Replace('~', '.'), mode),
        ]
        : [];

    /// <summary>Where the link of an interface is pinned. A bpffs refuses dots, which names of VLAN interfaces have.</summary>
    internal string LinkPath(string interfaceName, Driver mode) =>
        System.IO.Path.Combine(Path, LinkPrefix(mode) + interfaceName.Replace('.', '~'));

    /// <summary>Unpins everything and removes the folder.</summary>
    internal void Remove()
    {
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
    }

    private static string LinkPrefix(Driver mode) => $"link_{mode.ToString().ToLowerInvariant()}_";

    private string MapPath(string map) => System.IO.Path.Combine(Path, "map_" + map.TrimStart('.'));

    private static bool IsBelow(string path, string parent) =>
        path == parent || path.StartsWith(parent + "/", StringComparison.Ordinal);
}
