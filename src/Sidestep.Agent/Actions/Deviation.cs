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
/// <param name="Said">What is done about it, in words.</param>
/// <param name="Repair">Does it.</param>
internal sealed record Deviation(string Name, string Subject, string Found, string Said, Action Repair)
{
    /// <summary>False: it follows from what happens to the host, and is nobody's doing against the agent.</summary>
    public bool IsDrift { get; init; } = true;
}

/// <summary>Holds the wish against the kernel.</summary>
internal static class Deviations
{
    /// <summary>In the order to repair them: settings before addresses, because a VIP that the server answers ARP for, even once,
    /// is cached by its neighbours.</summary>
    /// <param name="wish">What shall be.</param>
    /// <param name="host">What is.</param>
    /// <param name="socket">Of the namespace.</param>
    /// <param name="programs">Those to attach; null when none are wished for.</param>
    /// <param name="vips">The VIPs of the wish, and those of an earlier one that are still there.</param>
    public static List<Deviation> Find(Wish wish, ServerFacts host, NetlinkSocket socket, AgentPrograms? programs, IReadOnlyCollection<IPNetwork> vips)
    {
        var found = new List<Deviation>();
        Settings(wish, host, found);
        Addresses(wish, host, socket, found);
        if (programs is null)
            return found;
        Maps(wish, host, programs.Maps, vips, found);
        foreach (var hook in AttachedFilter.Hooks)
        {
            foreach (var item in wish.At(hook))
                Filter(item, hook, programs, socket, found);
        }
        return found;
    }

    /// <summary>True when apply writes the value over the one that is there.</summary>
    /// <remarks>rp_filter is brought to 2 even from 0, see <see cref="SysctlWish.For"/>; the rest stays if it serves.</remarks>
    public static bool IsNeeded(string key, int found, int wanted, bool vipsHaveScopeHost) =>
        key == Sysctl.RpFilter ? found != wanted : !SysctlWish.Serves(key, found, vipsHaveScopeHost);

    /// <summary>VIPs that are on lo already, with a wider scope, are the operator's.</summary>
    public static bool VipsHaveScopeHost(Wish wish, ServerFacts host) =>
        wish.Vips.Where(static v => !v.IsIPv6 && v.IsSingle).All(v => host.OnLoopback(v.Address) is null or { Scope: AddressScope.Host });

    private static void Settings(Wish wish, ServerFacts host, List<Deviation> found)
    {
        var scopeHost = VipsHaveScopeHost(wish, host);
        foreach (var (setting, _, value) in SysctlWish.For(wish.Interfaces))
        {
            if (setting.TryRead() is { } there && IsNeeded(setting.Key, there, value, scopeHost))
            {
                found.Add(new Deviation(SysctlWish.ConditionOf(setting.Key), setting.Scope, $"{setting.Key} {there}",
                    $"{setting.Name}: {there} -> {value}", () => setting.Write(value)));
            }
        }
    }

    private static void Addresses(Wish wish, ServerFacts host, NetlinkSocket socket, List<Deviation> found)
    {
        // Where IPv6 is off nothing can be added: verify says so.
        foreach (var vip in wish.Vips.Where(v => !host.Has(v.Network) && (!v.IsIPv6 || host.LoopbackHasIPv6)))
        {
            found.Add(vip.IsSingle
                ? new Deviation(ConditionNames.Vip, vip.ToString(), "absent",
                    vip.IsIPv6 ? $"{vip}: added to lo as /128, without duplicate address detection, deprecated" : $"{vip}: added to lo as /32, scope host",
                    () => ServiceAddresses.Add(socket, host.Loopback, vip.Address))
                : new Deviation(ConditionNames.Vip, vip.ToString(), "absent", $"{vip}: made local by lo",
                    () => LocalPrefixes.Add(socket, host.Loopback, vip.Network)));
        }
    }

    private static void Maps(Wish wish, ServerFacts host, AgentMaps maps, IReadOnlyCollection<IPNetwork> vips, List<Deviation> found)
    {
        // Nobody else writes them: what differs has another wish or another address as its cause.
        void Check(string name, string there, string wanted, Action write)
        {
            if (there != wanted)
                found.Add(new Deviation(name, "", there, $"{name}: {(wanted.Length == 0 ? "none" : wanted)}", write) { IsDrift = false });
        }
        var own = host.OuterDestinations(wish.Interfaces, vips);
        Check(ConditionNames.DecapsulationAddresses, string.Join(' ', maps.Addresses()), Join(own.Select(static a => a.ToString())), () => maps.WriteAddresses(own));
        Check(ConditionNames.DecapsulationVips, Describe(maps.Vips()), Describe(wish.Vips), () => maps.WriteVips(wish.Vips));
        Check(ConditionNames.DecapsulationSources, string.Join(' ', maps.Sources()), Join(wish.Sources.Select(Text.Of)), () => maps.WriteSources(wish.Sources));
        var settings = AgentMaps.SettingsOf(wish.Kinds, wish.GuePorts);
        Check(ConditionNames.Decapsulation, maps.SettingsText, AgentMaps.Describe(settings), () => maps.Write(settings));
    }

    private static void Filter(InterfaceInfo item, Hook hook, AgentPrograms programs, NetlinkSocket socket, List<Deviation> found)
    {
        var attached = AttachedFilter.Find(socket, item, hook);
        // An old qdisc of the kind ingress has no way out; verify says what to do.
        if (attached.IsTaken || (hook == Hook.Egress && TcFilters.Qdisc(socket, item.Index) == "ingress"))
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

    public static string Describe(IEnumerable<VipWish> vips) => Join(vips.Select(static v => v.Mss == 0 ? v.ToString() : $"{v}(mss {v.Mss})"));

    public static string Join(IEnumerable<string> words) => string.Join(' ', words.Order(StringComparer.Ordinal));
}
