using System.Net;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Agent.Programs;
using Sidestep.Api;
using Sidestep.Native.Netlink;
using Sidestep.Packets;

namespace Sidestep.Agent.Actions;

/// <summary>The part of verify that checks the filters and their maps, and reads the counters.</summary>
internal static class ProgramCheck
{
    public static void Run(DesiredState desired, HostInventory host, IHostKernel kernel, IAgentPrograms? programs,
        Verification result)
    {
        foreach (var attached in AttachedFilter.FindOurs(kernel, host.Interfaces))
        {
            if (desired.At(attached.Hook).Any(i => i.Index == attached.Interface.Index))
                continue;
            result.Add(false, NameOf(desired, attached.Hook), attached.Interface.Name, Describe(attached.Filter),
                "none", "Run 'sidestep-agent apply' again, or 'sidestep-agent remove'.");
        }
        if (programs is null)
            return;
        var seen = new HashSet<uint>();
        foreach (var item in desired.Interfaces)
        {
            var attached = AttachedFilter.Find(kernel, item, Hook.Ingress);
            Filter(attached, desired, programs, kernel, result);
            CheckEarlierFilters(kernel, item, result);
            if (attached.IsOurs && seen.Add(attached.Filter!.ProgramId))
                Program(attached, desired, host, kernel, result);
        }
        CheckEgress(desired, kernel, programs, result);
    }

    private static void CheckEgress(
        DesiredState desired, IHostKernel kernel, IAgentPrograms programs, Verification result)
    {
        var withoutFilter = new List<string>();
        foreach (var item in desired.At(Hook.Egress))
        {
            var attached = AttachedFilter.Find(kernel, item, Hook.Egress);
            Filter(attached, desired, programs, kernel, result);
            if (!attached.IsOurs)
                withoutFilter.Add(item.Name);
        }
        foreach (var vip in desired.Vips.Where(static v => v.Mss > 0))
        {
            var limit = $"at most {vip.Mss}";
            result.Add(withoutFilter.Count == 0, ConditionNames.MssClamp, vip.ToString(),
                withoutFilter.Count == 0 ? limit : $"no limit on {string.Join(' ', withoutFilter)}", limit,
                Verifier.ApplyAgain);
        }
    }

    private static string NameOf(DesiredState desired, Hook hook) =>
        hook == Hook.Ingress && desired.Encapsulations != EncapsulationFlags.None
            ? ConditionNames.Decapsulation : Verification.ProgramsName;

    private static void Filter(AttachedFilter attached, DesiredState desired, IAgentPrograms programs,
        IHostKernel kernel, Verification result)
    {
        var name = NameOf(desired, attached.Hook);
        var subject = attached.Interface.Name;
        var expected = $"{AttachedFilter.ProgramName(attached.Hook)} {programs.Tag(attached.Hook)}";
        if (attached is { Hook: Hook.Egress, Filter: null } && kernel.Qdisc(attached.Interface.Index) == "ingress")
        {
            result.Add(false, name, subject, "qdisc ingress, which has no egress hook", expected,
                $"Run: tc qdisc del dev {subject} ingress && tc qdisc add dev {subject} clsact, add its filters again, "
                + "then run 'sidestep-agent apply' again.");
            return;
        }
        if (!attached.IsOurs)
        {
            result.Add(false, name, subject, Describe(attached.Filter), expected, attached.IsForeign
                ? "Remove the filter of the other program, then run 'sidestep-agent apply' again."
                : Verifier.ApplyAgain);
            return;
        }
        using var program = kernel.OpenProgram(attached.Filter!.ProgramId);
        result.Add(program.Tag == programs.Tag(attached.Hook), name, subject,
            $"{AttachedFilter.ProgramName(attached.Hook)} {program.Tag}", expected,
            "The program is of another version of the agent. " + Verifier.ApplyAgain);
    }

    /// <summary>A filter that runs before the agent's can consume packets that the agent's program needs.</summary>
    private static void CheckEarlierFilters(IHostKernel kernel, InterfaceInfo item, Verification result)
    {
        foreach (var filter in kernel.Filters(item.Index, Hook.Ingress)
            .Where(static f => f.Chain == 0 && f.Position.Priority < AttachedFilter.Place.Priority))
        {
            result.Note(ConditionNames.EarlierFilter, item.Name, Describe(filter), "any",
                "It runs before the agent's filter: if encapsulated packets are not counted, it may consume them.");
        }
    }

    private static void Program(
        AttachedFilter attached, DesiredState desired, HostInventory host, IHostKernel kernel, Verification result)
    {
        using var program = kernel.OpenProgram(attached.Filter!.ProgramId);
        using var maps = program.OpenMaps();
        if (maps is null)
            return;
        CheckMaps(maps, attached.Interface.Name, desired, host, result);
        // Programs that share their maps share their counters: one set suffices.
        result.Counters ??= maps.Counters();
        if (result.Traffic.Count == 0)
        {
            result.Traffic = [.. maps.Traffic().Select(static t => new VipTraffic(t.Vip.BaseAddress,
                (long)t.Counters.Syn, (long)t.Counters.SynAck, (long)t.Counters.Reset))];
        }
    }

    private static void CheckMaps(
        AgentMaps maps, string subject, DesiredState desired, HostInventory host, Verification result)
    {
        void Check(string name, string found, string expected) =>
            result.Add(found == expected, name, subject, found, expected, Verifier.ApplyAgain);

        var vips = maps.Vips();
        Check(ConditionNames.DecapsulationVips, Deviations.Describe(vips), Deviations.Describe(desired.Vips));
        if (desired.Encapsulations == EncapsulationFlags.None)
            return;
        Check(ConditionNames.DecapsulationSources, string.Join(' ', maps.Sources()),
            Deviations.Join(desired.Sources.Select(PrefixText.Of)));
        // A VIP of the program is not an address of the server, even if the VIP is no longer desired.
        IReadOnlyCollection<IPNetwork> known =
            [.. desired.Vips.Select(static v => v.Network), .. vips.Select(static v => v.Network)];
        Check(ConditionNames.DecapsulationAddresses, string.Join(' ', maps.Addresses()),
            Deviations.Join(host.OuterDestinations(desired.Interfaces, known).Select(static a => a.ToString())));
        Check(ConditionNames.Decapsulation, maps.SettingsText,
            AgentMaps.Describe(AgentMaps.SettingsOf(desired.Encapsulations, desired.GuePorts)));
    }

    private static string Describe(TcFilter? filter) => filter is null ? "none"
        : filter.Name.Length == 0 ? $"{filter.Kind} pref {filter.Position.Priority}"
        : $"{filter.Kind} {filter.Name} pref {filter.Position.Priority}";
}
