using System.Net;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Agent.Programs;
using Sidestep.Api;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Actions;

/// <summary>Something that is not as it is wished for, and that the agent can put right.</summary>
/// <param name="Name">The condition that it belongs to.</param>
/// <param name="Subject">Of which.</param>
/// <param name="Found">What is there instead.</param>
/// <param name="Message">What is done about it, in words.</param>
/// <param name="Repair">Does it.</param>
internal sealed record Deviation(string Name, string Subject, string Found, string Message, Action Repair)
{
    /// <summary>False: it follows from what happens to the host, and is nobody's doing against the agent.</summary>
    public bool IsDrift { get; init; } = true;
}

/// <summary>Holds the wish against the kernel.</summary>
internal static class Deviations
{
    /// <summary>In the order to repair them: settings before addresses, because a VIP that the server answers ARP for, even once,
    /// is cached by its neighbours.</summary>
    /// <param name="desired">What shall be.</param>
    /// <param name="host">What is.</param>
    /// <param name="socket">Of the namespace.</param>
    /// <param name="programs">Those to attach; null when none are wished for.</param>
    /// <param name="vips">The VIPs of the wish, and those of an earlier one that are still there.</param>
    public static List<Deviation> Find(DesiredState desired, HostInventory host, NetlinkSocket socket, AgentPrograms? programs, IReadOnlyCollection<IPNetwork> vips)
    {
        var found = new List<Deviation>();
        Settings(desired, host, found);
        Addresses(desired, host, socket, found);
        if (programs is null)
            return found;
        Maps(desired, host, programs.Maps, vips, found);
        foreach (var hook in AttachedFilter.Hooks)
        {
            foreach (var item in desired.At(hook))
                Filter(item, hook, programs, socket, found);
        }
        return found;
    }

    /// <summary>True when apply writes the value over the one that is there.</summary>
    /// <remarks>rp_filter is brought to 2 even from 0, see <see cref="DesiredSysctl.For"/>; the rest stays if it serves.</remarks>
    public static bool IsNeeded(string key, int found, int expected, bool vipsHaveScopeHost) =>
        key == Sysctl.RpFilter ? found != expected : !DesiredSysctl.Serves(key, found, vipsHaveScopeHost);

    /// <summary>VIPs that are on lo already, with a wider scope, are the operator's.</summary>
    public static bool VipsHaveScopeHost(DesiredState desired, HostInventory host) =>
        desired.Vips.Where(static v => !v.IsIPv6 && v.IsSingle).All(v => host.OnLoopback(v.Address) is null or { Scope: AddressScope.Host });

    private static void Settings(DesiredState desired, HostInventory host, List<Deviation> found)
    {
        var scopeHost = VipsHaveScopeHost(desired, host);
        foreach (var (setting, _, value) in DesiredSysctl.For(desired.Interfaces))
        {
            if (setting.TryRead() is { } current && IsNeeded(setting.Key, current, value, scopeHost))
            {
                found.Add(new Deviation(DesiredSysctl.ConditionOf(setting.Key), setting.Scope, $"{setting.Key} {current}",
                    $"{setting.Name}: {current} -> {value}", () => setting.Write(value)));
            }
        }
    }

    private static void Addresses(DesiredState desired, HostInventory host, NetlinkSocket socket, List<Deviation> found)
    {
        // Where IPv6 is off nothing can be added: verify says so.
        foreach (var vip in desired.Vips.Where(v => !host.HasVip(v.Network) && (!v.IsIPv6 || host.LoopbackHasIPv6)))
        {
            found.Add(vip.IsSingle
                ? new Deviation(ConditionNames.Vip, vip.ToString(), "absent",
                    vip.IsIPv6 ? $"{vip}: added to lo as /128, without duplicate address detection, deprecated" : $"{vip}: added to lo as /32, scope host",
                    () => LoopbackAddresses.Add(socket, host.Loopback, vip.Address))
                : new Deviation(ConditionNames.Vip, vip.ToString(), "absent", $"{vip}: made local by lo",
                    () => LocalPrefixes.Add(socket, host.Loopback, vip.Network)));
        }
    }

    private static void Maps(DesiredState desired, HostInventory host, AgentMaps maps, IReadOnlyCollection<IPNetwork> vips, List<Deviation> found)
    {
        // Nobody else writes them: what differs has another wish or another address as its cause.
        void Check(string name, string current, string expected, Action write)
        {
            if (current != expected)
                found.Add(new Deviation(name, "", current, $"{name}: {(expected.Length == 0 ? "none" : expected)}", write) { IsDrift = false });
        }
        var own = host.OuterDestinations(desired.Interfaces, vips);
        Check(ConditionNames.DecapsulationAddresses, string.Join(' ', maps.Addresses()), Join(own.Select(static a => a.ToString())), () => maps.WriteAddresses(own));
        Check(ConditionNames.DecapsulationVips, Describe(maps.Vips()), Describe(desired.Vips), () => maps.WriteVips(desired.Vips));
        Check(ConditionNames.DecapsulationSources, string.Join(' ', maps.Sources()), Join(desired.Sources.Select(PrefixText.Of)), () => maps.WriteSources(desired.Sources));
        var settings = AgentMaps.SettingsOf(desired.Encapsulations, desired.GuePorts);
        Check(ConditionNames.Decapsulation, maps.SettingsText, AgentMaps.Describe(settings), () => maps.Write(settings));
    }

    private static void Filter(InterfaceInfo item, Hook hook, AgentPrograms programs, NetlinkSocket socket, List<Deviation> found)
    {
        var attached = AttachedFilter.Find(socket, item, hook);
        // An old qdisc of the kind ingress has no way out; verify says what to do.
        if (attached.IsForeign || (hook == Hook.Egress && TcFilters.Qdisc(socket, item.Index) == "ingress"))
            return;
        if (attached.IsOurs)
        {
            using var present = BpfProgram.OpenById(attached.Filter!.ProgramId);
            if (programs.IsSame(hook, present))
                return;
        }
        found.Add(new Deviation(hook == Hook.Ingress ? ConditionNames.Decapsulation : Verification.ProgramsName, item.Name,
            attached.IsOurs ? "another program" : "no filter",
            $"{item.Name}: filter {AttachedFilter.ProgramName(hook)} {(attached.IsOurs ? "replaced" : "attached")}", () =>
            {
                if (!attached.IsOurs)
                    TcIngress.EnsureQdisc(item.Index);
                programs.Attach(hook, item.Index, replace: attached.IsOurs);
            })
        { IsDrift = !attached.IsOurs });
    }

    public static string Describe(IEnumerable<DesiredVip> vips) => Join(vips.Select(static v => v.Mss == 0 ? v.ToString() : $"{v}(mss {v.Mss})"));

    public static string Join(IEnumerable<string> items) => string.Join(' ', items.Order(StringComparer.Ordinal));
}
