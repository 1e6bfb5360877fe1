using System.Net;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Agent.Programs;
using Sidestep.Api;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Actions;

/// <summary>The part of verify that looks at the filters and their maps.</summary>
internal static class ProgramCheck
{
    public static void Run(DesiredState desired, HostInventory host, NetlinkSocket socket, AgentPrograms? programs, Verification result)
    {
        var all = AttachedFilter.FindOurs(socket, host.Interfaces);
        foreach (var surplus in all.Where(f => desired.At(f.Hook).All(i => i.Index != f.Interface.Index)))
        {
            result.Add(false, NameOf(desired, surplus.Hook), surplus.Interface.Name, Describe(surplus.Filter), "none",
                "Run 'sidestep-agent apply' again, or 'sidestep-agent remove'.");
        }
        if (programs is null)
            return;
        var seen = new HashSet<uint>();
        foreach (var item in desired.Interfaces)
        {
            var attached = AttachedFilter.Find(socket, item, Hook.Ingress);
            Filter(attached, desired, programs, socket, result);
            CheckEarlierFilters(socket, item, result);
            if (attached.IsOurs && seen.Add(attached.Filter!.ProgramId))
                Program(attached, desired, host, result);
        }
        var withoutFilter = new List<string>();
        foreach (var item in desired.At(Hook.Egress))
        {
            var attached = AttachedFilter.Find(socket, item, Hook.Egress);
            Filter(attached, desired, programs, socket, result);
            if (!attached.IsOurs)
                withoutFilter.Add(item.Name);
        }
        foreach (var vip in desired.Vips.Where(static v => v.Mss > 0))
        {
            result.Add(withoutFilter.Count == 0, ConditionNames.MssClamp, vip.ToString(), withoutFilter.Count == 0 ? $"at most {vip.Mss}" : $"not set on {string.Join(' ', withoutFilter)}",
                $"at most {vip.Mss}", Verifier.ApplyAgain);
        }
    }

    private static string NameOf(DesiredState desired, Hook hook) => hook == Hook.Ingress && desired.Encapsulations != EncapsulationFlags.None ? ConditionNames.Decapsulation : Verification.ProgramsName;

    private static void Filter(AttachedFilter attached, DesiredState desired, AgentPrograms programs, NetlinkSocket socket, Verification result)
    {
        var name = NameOf(desired, attached.Hook);
        var subject = attached.Interface.Name;
        var expected = $"{AttachedFilter.ProgramName(attached.Hook)} {programs.Tag(attached.Hook)}";
        if (attached is { Hook: Hook.Egress, Filter: null } && TcFilters.Qdisc(socket, attached.Interface.Index) == "ingress")
        {
            result.Add(false, name, subject, "qdisc ingress, which has no way out", expected,
                $"Run: tc qdisc del dev {subject} ingress && tc qdisc add dev {subject} clsact, put its filters back, then run 'sidestep-agent apply' again.");
            return;
        }
        if (!attached.IsOurs)
        {
            result.Add(false, name, subject, Describe(attached.Filter), expected,
                attached.IsForeign ? "Remove the other's filter, then run 'sidestep-agent apply' again." : Verifier.ApplyAgain);
            return;
        }
        using var program = BpfProgram.OpenById(attached.Filter!.ProgramId);
        result.Add(program.Tag == programs.Tag(attached.Hook), name, subject, $"{AttachedFilter.ProgramName(attached.Hook)} {program.Tag}", expected,
            "It is the program of another version of the agent. " + Verifier.ApplyAgain);
    }

    /// <summary>A filter that runs before ours and decides about a packet keeps it from ours.</summary>
    private static void CheckEarlierFilters(NetlinkSocket socket, InterfaceInfo item, Verification result)
    {
        foreach (var filter in TcFilters.Ingress(socket, item.Index).Where(static f => f.Chain == 0 && f.Position.Priority < AttachedFilter.Place.Priority))
        {
            result.Note(ConditionNames.EarlierFilter, item.Name, Describe(filter), "any",
                "It runs before the agent's: if encapsulated packets are not counted, this filter may be taking them.");
        }
    }

    private static void Program(AttachedFilter attached, DesiredState desired, HostInventory host, Verification result)
    {
        using var program = BpfProgram.OpenById(attached.Filter!.ProgramId);
        using var maps = AgentMaps.Of(program);
        if (maps is null)
            return;
        var place = attached.Interface.Name;
        void Set(string name, string found, string expected) => result.Add(found == expected, name, place, found, expected, Verifier.ApplyAgain);
        var vips = maps.Vips();
        Set(ConditionNames.DecapsulationVips, Deviations.Describe(vips), Deviations.Describe(desired.Vips));
        if (desired.Encapsulations != EncapsulationFlags.None)
        {
            Set(ConditionNames.DecapsulationSources, string.Join(' ', maps.Sources()), Deviations.Join(desired.Sources.Select(PrefixText.Of)));
            // What the program takes for a VIP is no address of the server's own, even if it should not be a VIP.
            IReadOnlyCollection<IPNetwork> known = [.. desired.Vips.Select(static v => v.Network), .. vips.Select(static v => v.Network)];
            Set(ConditionNames.DecapsulationAddresses, string.Join(' ', maps.Addresses()),
                Deviations.Join(host.OuterDestinations(desired.Interfaces, known).Select(static a => a.ToString())));
            Set(ConditionNames.Decapsulation, maps.SettingsText, AgentMaps.Describe(AgentMaps.SettingsOf(desired.Encapsulations, desired.GuePorts)));
        }
        // Programs that share their maps share their counters: one set is told.
        result.Counters ??= maps.Counters();
        if (result.Traffic.Count == 0)
            result.Traffic = [.. maps.Traffic().Select(static t => new VipTraffic(t.Vip.BaseAddress, (long)t.Counters.Syn, (long)t.Counters.SynAck, (long)t.Counters.Reset))];
    }

    private static string Describe(TcFilter? filter) =>
        filter is null ? "none" : $"{filter.Kind} {filter.Name} pref {filter.Position.Priority}".Replace("  ", " ", StringComparison.Ordinal);
}
