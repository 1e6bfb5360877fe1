using System.Net;
using System.Net.Sockets;
using Sidestep.Forwarding;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Daemon.Probes;

/// <summary>Lets the kernel accept replies to probes where reverse-path validation would drop them: the source of a
/// reply is a VIP, and the machine has no usable route to the VIP. BGP speakers install such routes (blackhole,
/// unreachable), and a director may have no default route.</summary>
/// <remarks>A rule before the table main leads to a table with a route to each such VIP by the director's interfaces.
/// The kernel cannot tell a validation from a packet that this machine itself sends to the VIP. So VIPs with a usable
/// route get none, and such packets take the machine's own route. Safe for threads.</remarks>
/// <param name="kernel">The rule and the table; disposed with this object.</param>
/// <param name="log">Receives each problem once.</param>
internal sealed class ReplyRouting(IReplyRoutes kernel, Action<string> log) : IDisposable
{
    /// <summary>VIPs that one call looks at, in turn: each costs a route lookup.</summary>
    internal const int MaxPerRound = 64;

    private readonly Lock _gate = new();
    private readonly HashSet<IPNetwork> _installed = [];
    private readonly SortedDictionary<string, string> _problems = new(StringComparer.Ordinal);
    private IReadOnlyList<EgressInterface> _interfaces = [];
    private IPNetwork[] _vips = [];
    private int _next;
    private bool _hasRule;

    /// <summary>VIPs to which replies are not accepted, and why; empty: all are.</summary>
    internal IReadOnlyList<string> Problems { get; private set; } = [];

    /// <summary>Follows the director's interfaces and VIPs.</summary>
    internal void Update(IReadOnlyList<EgressInterface> interfaces, IEnumerable<IPNetwork> vips)
    {
        lock (_gate)
        {
            IPNetwork[] desired = [.. vips.Where(static v => v.BaseAddress.AddressFamily == AddressFamily.InterNetwork)
                .Distinct()];
            var moved = !interfaces.Select(static i => i.Index).SequenceEqual(_interfaces.Select(static i => i.Index));
            if (!moved && desired.SequenceEqual(_vips))
                return;
            foreach (var obsolete in moved ? [.. _installed] : _installed.Except(desired).ToArray())
                Try(obsolete, () => RemoveRoute(obsolete));
            (_interfaces, _vips, _next) = (interfaces, desired, 0);
            foreach (var gone in _problems.Keys.Except(desired.Select(static v => v.ToString())).ToArray())
                _problems.Remove(gone);
            Round([]);
        }
    }

    /// <summary>Compares the next VIPs with the kernel, and restores what is gone.</summary>
    /// <returns>What was missing.</returns>
    internal IReadOnlyList<string> Restore()
    {
        lock (_gate)
        {
            var missing = new List<string>();
            Round(missing);
            return missing;
        }
    }

    /// <summary>Removes the rule and the routes.</summary>
    internal void Remove()
    {
        lock (_gate)
        {
            foreach (var vip in _installed.ToArray())
                Try(vip, () => RemoveRoute(vip));
            UpdateRule([]);
        }
    }

    public void Dispose() => kernel.Dispose();

    private void Round(List<string> missing)
    {
        var modes = _interfaces.Select(i => kernel.ModeOf(i.Name)).ToArray();
        var validates = modes.Any(static m => m != 0);
        var isStrict = modes.Contains(ReversePath.Strict);
        var compared = new List<IPNetwork>();
        if (validates || _installed.Count > 0)
        {
            for (var i = 0; i < Math.Min(MaxPerRound, _vips.Length); i++)
            {
                var vip = _vips[_next++ % _vips.Length];
                if (Try(vip, () => Compare(vip, validates, isStrict, missing)))
                    compared.Add(vip);
            }
        }
        UpdateRule(missing);
        foreach (var vip in compared.Where(_installed.Contains))
            Verify(vip, isStrict);
        foreach (var problem in _problems.Values.Except(Problems))
            log(problem);
        Problems = [.. _problems.Values];
    }

    private void Compare(IPNetwork vip, bool validates, bool isStrict, List<string> missing)
    {
        if (!validates || !NeedsRoute(kernel.Find(vip.BaseAddress), isStrict))
        {
            RemoveRoute(vip);
            return;
        }
        var wasMissing = kernel.Add(vip, [.. _interfaces.Select(static i => i.Index)]);
        if (!_installed.Add(vip) && wasMissing)
            missing.Add($"the route to {vip} of table {NetlinkReplyRoutes.Table}");
    }

    /// <summary>Looks an installed VIP up as the validation does: a rule of the operator may come first.</summary>
    private void Verify(IPNetwork vip, bool isStrict)
    {
        if (!NeedsRoute(kernel.FindByAllRules(vip.BaseAddress), isStrict))
            return;
        _problems[vip.ToString()] = $"replies from {vip} to probes are dropped by rp_filter: a policy rule before "
            + $"{NetlinkReplyRoutes.Table} leads to another route (`ip rule`). Give it a number above "
            + $"{NetlinkReplyRoutes.Table}, or set net.ipv4.conf.{_interfaces[0].Name}.rp_filter=0 and that of all";
    }

    /// <summary>A local VIP cannot be helped: the table local comes first.</summary>
    private bool NeedsRoute(Route? route, bool isStrict) => route is null
        || isStrict && !route.IsLocal && _interfaces.All(i => i.Index != route.InterfaceIndex);

    private void RemoveRoute(IPNetwork vip)
    {
        if (_installed.Remove(vip))
            kernel.Remove(vip);
    }

    private void UpdateRule(List<string> missing)
    {
        try
        {
            if (_installed.Count > 0)
            {
                if (kernel.AddRule() && _hasRule)
                    missing.Add($"the IPv4 policy rule {NetlinkReplyRoutes.Table}");
                _hasRule = true;
            }
            else if (_hasRule)
            {
                kernel.RemoveRule();
                _hasRule = false;
            }
            _problems.Remove("");
        }
        catch (NativeException e)
        {
            _problems[""] = $"replies to probes may be dropped: {e.Message}";
        }
    }

    private bool Try(IPNetwork vip, Action action)
    {
        try
        {
            action();
            _problems.Remove(vip.ToString());
            return true;
        }
        catch (NativeException e)
        {
            _problems[vip.ToString()] = $"replies from {vip} to probes may be dropped by rp_filter: {e.Message}";
            return false;
        }
    }
}
