using System.Net;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Agent.Programs;
using Sidestep.Api;
using Sidestep.Native.Netlink;
using Sidestep.Packets;

namespace Sidestep.Agent.Actions;

/// <summary>A difference between the desired state and the kernel that the agent can repair.</summary>
/// <param name="Name">The condition that it belongs to, one of <see cref="ConditionNames"/>.</param>
/// <param name="Subject">The VIP or interface; empty: the whole host.</param>
/// <param name="Found">What the kernel has instead.</param>
/// <param name="Message">What the repair does, for the log.</param>
/// <param name="Repair">Repairs it; throws if the kernel rejects the change.</param>
internal sealed record Deviation(string Name, string Subject, string Found, string Message, Action Repair)
{
    /// <summary>True: another program changed what the agent had configured. False: the spec or an address of the host
    /// changed, and the agent follows.</summary>
    public bool IsDrift { get; init; } = true;
}

/// <summary>Compares the desired state with the kernel.</summary>
internal static class Deviations
{
    /// <summary>Finds the deviations in the order in which to repair them: sysctls before addresses, because neighbours
    /// cache even a single ARP reply for a VIP.</summary>
    /// <param name="desired">The desired state.</param>
    /// <param name="host">The present state.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="programs">The programs to attach; null: none are desired.</param>
    /// <param name="vips">The desired VIPs, and those of the previous spec that are still on <c>lo</c>.</param>
    public static List<Deviation> Find(DesiredState desired, HostInventory host, IHostKernel kernel,
        IAgentPrograms? programs, IReadOnlyCollection<IPNetwork> vips)
    {
        var found = new List<Deviation>();
        Settings(desired, host, kernel, found);
        Addresses(desired, host, kernel, found);
        if (programs is null)
            return found;
        Maps(desired, host, programs.Maps, vips, found);
        foreach (var hook in AttachedFilter.Hooks)
        {
            foreach (var item in desired.At(hook))
                Filter(item, hook, programs, kernel, found);
        }
        return found;
    }

    /// <summary>True if apply replaces the value of a sysctl.</summary>
    /// <remarks>rp_filter is set to 2 even if it is 0, see <see cref="DesiredSysctl.For"/>. Another value stays if it
    /// is good enough.</remarks>
    public static bool IsNeeded(string key, int found, int expected, bool vipsHaveScopeHost) =>
        key == Sysctl.RpFilter ? found != expected : !DesiredSysctl.Serves(key, found, vipsHaveScopeHost);

    /// <summary>False when the operator has added an IPv4 VIP to <c>lo</c> with a wider scope than host.</summary>
    public static bool VipsHaveScopeHost(DesiredState desired, HostInventory host) =>
        desired.Vips.Where(static v => !v.IsIPv6 && v.IsSingle)
            .All(v => host.OnLoopback(v.Address) is null or { Scope: AddressScope.Host });

    /// <summary>The VIPs with their MSS limits, sorted: <c>203.0.113.10(mss 1440) 203.0.113.11</c>.</summary>
    public static string Describe(IEnumerable<DesiredVip> vips) =>
        Join(vips.Select(static v => v.Mss == 0 ? v.ToString() : $"{v}(mss {v.Mss})"));

    /// <summary>Sorts texts and joins them with spaces.</summary>
    public static string Join(IEnumerable<string> items) => string.Join(' ', items.Order(StringComparer.Ordinal));

    private static void Settings(DesiredState desired, HostInventory host, IHostKernel kernel, List<Deviation> found)
    {
        var scopeHost = VipsHaveScopeHost(desired, host);
        foreach (var (setting, _, value) in DesiredSysctl.For(desired.Interfaces))
        {
            if (kernel.ReadSysctl(setting) is { } current && IsNeeded(setting.Key, current, value, scopeHost))
            {
                found.Add(new Deviation(DesiredSysctl.ConditionOf(setting.Key), setting.Scope,
                    $"{setting.Key} {current}", $"{setting.Name}: {current} -> {value}",
                    () => kernel.WriteSysctl(setting, value)));
            }
        }
    }

    /// <summary>Without IPv6 on <c>lo</c>, no IPv6 VIP can be added; verify reports that.</summary>
    private static void Addresses(DesiredState desired, HostInventory host, IHostKernel kernel, List<Deviation> found)
    {
        foreach (var vip in desired.Vips.Where(v => !host.HasVip(v.Network) && (!v.IsIPv6 || host.LoopbackHasIPv6)))
        {
            var message = !vip.IsSingle ? $"{vip}: made local through lo"
                : vip.IsIPv6 ? $"{vip}: added to lo as /128, deprecated, without duplicate address detection"
                : $"{vip}: added to lo as /32, scope host";
            found.Add(new Deviation(ConditionNames.Vip, vip.ToString(), "absent", message, vip.IsSingle
                ? () => kernel.AddVip(vip.Address) : () => kernel.AddLocalPrefix(vip.Network)));
        }
    }

    /// <summary>Only the agent writes the maps: a difference means that the spec or an address changed.</summary>
    private static void Maps(DesiredState desired, HostInventory host, AgentMaps maps,
        IReadOnlyCollection<IPNetwork> vips, List<Deviation> found)
    {
        void Check(string name, string current, string expected, Action write)
        {
            if (current == expected)
                return;
            found.Add(new Deviation(name, "", current, $"{name}: {(expected.Length == 0 ? "none" : expected)}", write)
            {
                IsDrift = false,
            });
        }
        var own = host.OuterDestinations(desired.Interfaces, vips);
        Check(ConditionNames.DecapsulationAddresses, string.Join(' ', maps.Addresses()),
            Join(own.Select(static a => a.ToString())), () => maps.WriteAddresses(own));
        Check(ConditionNames.DecapsulationVips, Describe(maps.Vips()), Describe(desired.Vips),
            () => maps.WriteVips(desired.Vips));
        Check(ConditionNames.DecapsulationSources, string.Join(' ', maps.Sources()),
            Join(desired.Sources.Select(PrefixText.Of)), () => maps.WriteSources(desired.Sources));
        var settings = AgentMaps.SettingsOf(desired.Encapsulations, desired.GuePorts);
        Check(ConditionNames.Decapsulation, maps.SettingsText, AgentMaps.Describe(settings),
            () => maps.Write(settings));
    }

    private static void Filter(
        InterfaceInfo item, Hook hook, IAgentPrograms programs, IHostKernel kernel, List<Deviation> found)
    {
        var attached = AttachedFilter.Find(kernel, item, hook);
        // A qdisc of the old kind ingress has no egress hook; verify names the remedy.
        if (attached.IsForeign || (hook == Hook.Egress && kernel.Qdisc(item.Index) == "ingress"))
            return;
        if (attached.IsOurs)
        {
            using var present = kernel.OpenProgram(attached.Filter!.ProgramId);
            if (programs.IsSame(hook, present))
                return;
        }
        var name = hook == Hook.Ingress ? ConditionNames.Decapsulation : Verification.ProgramsName;
        var message = $"{item.Name}: filter {AttachedFilter.ProgramName(hook)} "
            + (attached.IsOurs ? "replaced" : "attached");
        found.Add(new Deviation(name, item.Name, attached.IsOurs ? "another program" : "no filter", message, () =>
        {
            if (!attached.IsOurs)
                kernel.EnsureQdisc(item.Index);
            programs.Attach(hook, item.Index, replace: attached.IsOurs);
        })
        { IsDrift = !attached.IsOurs });
    }
}
