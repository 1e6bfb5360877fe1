using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Engine.Xdp;

/// <summary>The folder on a bpffs that holds the pins of one director; they keep it forwarding without a
/// process.</summary>
/// <param name="pinPath">Folder that contains the folders of all directors, e.g. <c>/sys/fs/bpf/sidestep</c>.</param>
/// <param name="name">Name of this director.</param>
internal sealed class PinDirectory(string pinPath, string name)
{
    private const string UsualMountPoint = "/sys/fs/bpf";

    /// <summary>Absolute path of the director's own folder, such as <c>/sys/fs/bpf/sidestep/director</c>.</summary>
    internal string Path { get; } = System.IO.Path.Combine(pinPath, name);

    /// <summary>Creates the folder, and mounts a bpffs when there is none.</summary>
    /// <returns>True when a bpffs was mounted.</returns>
    internal bool Ensure() => Kernel.EnsureBpfFs(Path, IsBelow(pinPath, UsualMountPoint) ? UsualMountPoint : pinPath);

    /// <summary>Opens all pinned maps; null when at least one is missing.</summary>
    /// <param name="missing">Names of the maps that are not pinned.</param>
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

    /// <summary>Pins a map; a pin of that name is replaced.</summary>
    internal void PinMap(string map, BpfMap opened) => opened.Pin(MapPath(map));

    /// <summary>The interfaces with a pinned link, and the mode of each link. The kernel would report the mode only to
    /// a process in the network namespace of the interface, so the name of the pin contains it.</summary>
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

    /// <summary>Path of the pinned link of an interface. A bpffs rejects dots, which names of VLAN interfaces
    /// contain.</summary>
    internal string LinkPath(string interfaceName, Driver mode) =>
        System.IO.Path.Combine(Path, LinkPrefix(mode) + interfaceName.Replace('.', '~'));

    /// <summary>Removes every pin and the folder.</summary>
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
