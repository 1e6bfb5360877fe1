using System.Globalization;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Native;

namespace Sidestep.Engine.Xdp;

/// <summary>Decides whether the maps that an earlier process pinned fit this build.</summary>
internal static class Adoption
{
    /// <summary>Opens them when they fit; null when there are none or they differ, which notes then say in full.</summary>
    internal static Dictionary<string, BpfMap>? Open(PinDirectory pins, List<string> notes)
    {
        try
        {
            if (pins.Ensure())
                notes.Add("no bpffs was mounted: mounted one");
        }
        catch (Exception e) when (e is NativeException or IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"cannot keep state under {pins.Path}: {e.Message}. director.pinPath must lie on a bpffs, "
                + "or at a place where one can be mounted ('mount -t bpf bpf /sys/fs/bpf')", e);
        }
        var maps = pins.OpenMaps(out var missing);
        if (maps is null)
        {
            if (missing.Count < StateMaps.Names.Length)
                notes.Add($"pinned state is incomplete ({string.Join(", ", missing)} missing): starting with new tables");
            return null;
        }
        var differences = Differences(maps);
        if (differences.Count == 0)
        {
            notes.Add("adopted the running tables");
            return maps;
        }
        notes.Add($"the running tables have another layout, packets move to new ones once they are filled: {string.Join("; ", differences)}");
        foreach (var map in maps.Values)
            map.Dispose();
        return null;
    }

    private static List<string> Differences(Dictionary<string, BpfMap> maps)
    {
        var differences = new List<string>();
        void Compare(string what, uint running, uint wanted)
        {
            if (running != wanted)
                differences.Add(string.Create(CultureInfo.InvariantCulture, $"{what}: {running} is {wanted} in this version"));
        }
        foreach (var (name, wanted) in DirectorObject.Shapes())
        {
            var running = maps[name].Shape;
            Compare($"type of map {name}", running.Type, wanted.Type);
            Compare($"value bytes of map {name}", running.ValueBytes, wanted.ValueBytes);
            Compare($"entries of map {name}", running.Entries, wanted.Entries);
        }
        if (differences.Count > 0)
            return differences;
        using var memory = maps[StateMaps.TablesMap].MapMemory(writable: false);
        var control = memory.View<Control>(0, 1)[0];
        Compare("layout", control.Layout, Constants.LayoutVersion);
        return differences;
    }
}
