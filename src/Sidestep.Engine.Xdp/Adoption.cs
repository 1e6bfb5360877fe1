using System.Globalization;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Native;

namespace Sidestep.Engine.Xdp;

/// <summary>Decides whether this build can use the maps that an earlier process pinned.</summary>
internal static class Adoption
{
    /// <summary>Opens the pinned maps. Null when there are none, or when they differ from this build; then the notes
    /// list every difference.</summary>
    internal static Dictionary<string, BpfMap>? Open(PinDirectory pins, List<string> notes)
    {
        try
        {
            if (pins.Ensure())
                notes.Add("no bpffs was mounted: mounted one");
        }
        catch (Exception e) when (e is NativeException or IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"cannot keep state under {pins.Path}: {e.Message}. "
                + "node.pinPath must lie on a bpffs, or where one can be mounted ('mount -t bpf bpf /sys/fs/bpf')",
                e);
        }
        var maps = pins.OpenMaps(out var missing);
        if (maps is null)
        {
            if (missing.Count < StateMaps.Names.Length)
                notes.Add(
                    $"pinned state is incomplete ({string.Join(", ", missing)} missing): starting with new tables");
            return null;
        }
        var differences = Differences(maps);
        if (differences.Count == 0)
            differences = UnusedMaps(pins, maps);
        if (differences.Count == 0)
        {
            notes.Add("adopted the running tables");
            return maps;
        }
        notes.Add("the running tables have another layout; packets move to new tables once they are filled: "
            + string.Join("; ", differences));
        foreach (var map in maps.Values)
            map.Dispose();
        return null;
    }

    /// <summary>Pinned maps that the attached programs do not use. A process that replaces the maps may die before it
    /// has pinned all of them; then the pinned maps are a mixture.</summary>
    private static List<string> UnusedMaps(PinDirectory pins, Dictionary<string, BpfMap> maps)
    {
        var unused = new List<string>();
        foreach (var (name, mode) in pins.Links())
        {
            using var link = XdpLink.OpenPinned(pins.LinkPath(name, mode));
            if (link is null or { InterfaceIndex: 0 })
                continue;
            try
            {
                using var program = BpfProgram.OpenById(link.ProgramId);
                var used = program.MapIds();
                unused.AddRange(maps.Where(m => !used.Contains(m.Value.Id))
                    .Select(m => $"the program at {name} uses another map {m.Key} than the pinned one"));
            }
            catch (NativeException)
            {
                // Opening a program by id needs CAP_SYS_ADMIN. Without it a mixture goes unnoticed, which takes a death
                // within microseconds.
            }
        }
        return unused;
    }

    /// <summary>Every difference between the pinned maps and those of this build; empty when they match.</summary>
    internal static List<string> Differences(Dictionary<string, BpfMap> maps)
    {
        var differences = new List<string>();
        void Compare(string what, uint running, uint expected)
        {
            if (running != expected)
                differences.Add(
                    string.Create(CultureInfo.InvariantCulture, $"{what}: {running} is {expected} in this version"));
        }
        foreach (var (name, expected) in DirectorObject.MapDefinitions((int)maps["flows"].Definition.Entries))
        {
            var running = maps[name].Definition;
            Compare($"type of map {name}", running.Type, expected.Type);
            Compare($"value bytes of map {name}", running.ValueBytes, expected.ValueBytes);
            Compare($"entries of map {name}", running.Entries, expected.Entries);
        }
        if (differences.Count > 0)
            return differences;
        using var memory = maps[StateMaps.TablesMap].MapMemory(writable: false);
        var control = memory.View<Control>(0, 1)[0];
        Compare("layout", control.Layout, Constants.LayoutVersion);
        return differences;
    }
}
