using System.Net;
using Sidestep.Agent.Decapsulation;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Actions;

/// <summary>The part of verify that looks at the filter and its maps.</summary>
internal static class DecapsulationCheck
{
    private const string ApplyAgain = "Run 'sidestep-agent apply' again.";

    public static void Run(Wish wish, ServerFacts host, NetlinkSocket socket, Verification result)
    {
        var ours = AttachedFilter.FindOurs(socket, host.Interfaces);
        foreach (var surplus in ours.Where(f => wish.Encapsulation is null || wish.Interfaces.All(i => i.Index != f.Interface.Index)))
        {
            result.Conditions.Add(Condition.Wrong($"filter ({surplus.Interface.Name})", Describe(surplus.Filter), "none",
                "Run 'sidestep-agent apply' again, or 'sidestep-agent remove'."));
        }
        if (wish.Encapsulation is null)
            return;
        using var expected = DecapsulationProgram.Load(null);
        var seen = new HashSet<uint>();
        foreach (var item in wish.Interfaces)
        {
            var attached = AttachedFilter.Find(socket, item);
            Filter(attached, expected.Tag, result.Conditions);
            Earlier(socket, item, result.Conditions);
            if (attached.IsOurs && seen.Add(attached.Filter!.ProgramId))
                Program(attached, wish, host, result);
        }
    }

    private static void Filter(AttachedFilter attached, string expectedTag, List<Condition> conditions)
    {
        var name = $"filter ({attached.Interface.Name})";
        var wanted = $"{AttachedFilter.ProgramName} {expectedTag}";
        if (!attached.IsOurs)
        {
            conditions.Add(Condition.Wrong(name, Describe(attached.Filter), wanted,
                attached.IsTaken ? "Remove the other's filter, then run 'sidestep-agent apply' again." : ApplyAgain));
            return;
        }
        using var program = BpfProgram.OpenById(attached.Filter!.ProgramId);
        conditions.Add(Condition.Of(program.Tag == expectedTag, name, $"{AttachedFilter.ProgramName} {program.Tag}", wanted,
            "It is the program of another version of the agent. " + ApplyAgain));
    }

    /// <summary>A filter that runs before ours and decides about a packet keeps it from ours.</summary>
    private static void Earlier(NetlinkSocket socket, InterfaceInfo item, List<Condition> conditions)
    {
        foreach (var filter in TcFilters.Ingress(socket, item.Index).Where(static f => f.Chain == 0 && f.Place.Priority < AttachedFilter.Place.Priority))
        {
            conditions.Add(Condition.Note($"filter ({item.Name})", Describe(filter), "any",
                "It runs before the agent's: if encapsulated packets are not counted, this filter may be taking them."));
        }
    }

    private static void Program(AttachedFilter attached, Wish wish, ServerFacts host, Verification result)
    {
        using var program = BpfProgram.OpenById(attached.Filter!.ProgramId);
        using var maps = DecapsulationMaps.Of(program);
        if (maps is null)
            return;
        var place = attached.Interface.Name;
        result.Conditions.Add(Set(maps, DecapsulationMaps.DirectorsName, $"directors ({place})", wish.Directors));
        result.Conditions.Add(Set(maps, DecapsulationMaps.VipsName, $"VIPs taken in ({place})", wish.Vips));
        // What the program takes for a VIP is no address of the server's own, even if it should not be a VIP.
        var own = host.OuterDestinations(wish.Interfaces, [.. wish.Vips, .. maps.Read(DecapsulationMaps.VipsName)]);
        result.Conditions.Add(Set(maps, DecapsulationMaps.AddressesName, $"own addresses ({place})", own));
        var counters = maps.Counters();
        // Programs that share their maps share their counters: one set is told.
        result.Counters ??= counters;
    }

    private static Condition Set(DecapsulationMaps maps, string map, string name, IEnumerable<IPAddress> wanted)
    {
        var expected = string.Join(' ', wanted.Select(static a => a.ToString()).Order(StringComparer.Ordinal));
        var found = string.Join(' ', maps.Read(map));
        return Condition.Of(found == expected, name, found, expected, ApplyAgain);
    }

    private static string Describe(TcFilter? filter) =>
        filter is null ? "none" : $"{filter.Kind} {filter.Name} pref {filter.Place.Priority}".Replace("  ", " ", StringComparison.Ordinal);
}
