using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sidestep.Forwarding;
using Sidestep.Native;

namespace Sidestep.Daemon.Probes;

/// <summary>Routes packets with the mark of a probe out of the director's interface, whatever their destination: a
/// policy rule, a routing table whose default gateway does not exist, and the filter that writes the headers to the
/// server.</summary>
/// <remarks>The kernel builds frames only for neighbours that it knows. One static gateway per address family saves an
/// entry for every VIP; the filter replaces its Ethernet address.</remarks>
/// <param name="filter">The filter; disposed by its owner.</param>
/// <param name="routes">The rule and the table; disposed with this object.</param>
/// <param name="log">Receives each problem once.</param>
internal sealed class ProbeRouting(IProbeFilter filter, IProbeRoutes routes, Action<string> log) : IDisposable
{
    private static readonly IPAddress Gateway4 = IPAddress.Parse("169.254.51.50"), Gateway6 =
        IPAddress.Parse("fe80::5150");

    private readonly Lock _gate = new();
    private readonly HashSet<int> _attached = [];
    private readonly Dictionary<AddressFamily, int> _egressIndexes = [];
    private IReadOnlyList<EgressInterface> _interfaces = [];

    /// <summary>Why probes of an address family, or by an interface, cannot leave; empty: all can.</summary>
    internal IReadOnlyList<string> Problems { get; private set; } = [];

    /// <summary>Follows the director's interfaces: one may have been deleted and created again.</summary>
    internal void Update(IReadOnlyList<EgressInterface> interfaces)
    {
        lock (_gate)
        {
            _interfaces = interfaces;
            foreach (var removed in _attached.Where(a => interfaces.All(i => i.Index != a)).ToArray())
            {
                _attached.Remove(removed);
                DetachFrom(removed);
            }
            Publish(Complete());
        }
    }

    /// <summary>Restores what the kernel has removed with a link that went down, or another program, and tries again
    /// what failed.</summary>
    /// <returns>What was missing.</returns>
    internal IReadOnlyList<string> Restore()
    {
        lock (_gate)
        {
            var (problems, missing) = (new List<string>(), new List<string>());
            foreach (var attached in _interfaces.Where(i => _attached.Contains(i.Index)))
            {
                Try($"probes cannot leave by {attached.Name}", problems, () =>
                {
                    if (filter.Restore(attached.Index))
                        missing.Add($"the probe filter of {attached.Name}");
                });
            }
            foreach (var (family, index) in _egressIndexes)
            {
                Try($"probes of {NameOf(family)} cannot leave", problems, () =>
                    missing.AddRange(routes.Restore(family, index, GatewayOf(family))));
            }
            Publish([.. problems, .. Complete()]);
            return missing;
        }
    }

    /// <summary>Removes the filters, the rules and the routes.</summary>
    internal void Remove()
    {
        lock (_gate)
        {
            foreach (var index in _attached)
                DetachFrom(index);
            _attached.Clear();
            foreach (var family in _egressIndexes.Keys.ToArray())
                RemoveRoute(family);
        }
    }

    public void Dispose() => routes.Dispose();

    /// <summary>Adds what the interfaces do not have yet.</summary>
    private List<string> Complete()
    {
        var problems = new List<string>();
        foreach (var added in _interfaces.Where(i => !_attached.Contains(i.Index)))
        {
            Try($"probes cannot leave by {added.Name}", problems, () =>
            {
                filter.Attach(added.Index);
                _attached.Add(added.Index);
            });
        }
        AddRoute(AddressFamily.InterNetwork, _interfaces.FirstOrDefault(static i => i.Address is not null), problems);
        AddRoute(AddressFamily.InterNetworkV6, _interfaces.FirstOrDefault(static i => i.Address6 is not null),
            problems);
        return problems;
    }

    private void Publish(List<string> problems)
    {
        foreach (var problem in problems.Except(Problems))
            log(problem);
        Problems = problems;
    }

    private void DetachFrom(int index)
    {
        try
        {
            filter.Detach(index);
        }
        catch (NativeException e)
        {
            var name = index.ToString(CultureInfo.InvariantCulture);
            log($"failed to remove the probe filter from interface {name}: {e.Message}");
        }
    }

    private void AddRoute(AddressFamily family, EgressInterface? egress, List<string> problems)
    {
        if (egress is null)
        {
            RemoveRoute(family);
            return;
        }
        if (_egressIndexes.TryGetValue(family, out var present) && present == egress.Index)
            return;
        Try($"probes of {NameOf(family)} cannot leave by {egress.Name}", problems, () =>
        {
            routes.Add(family, egress.Index, GatewayOf(family));
            _egressIndexes[family] = egress.Index;
        });
    }

    private void RemoveRoute(AddressFamily family)
    {
        if (!_egressIndexes.Remove(family, out var index))
            return;
        try
        {
            routes.Remove(family, index, GatewayOf(family));
        }
        catch (NativeException e)
        {
            log($"failed to remove probe routing: {e.Message}");
        }
    }

    private static string NameOf(AddressFamily family) => family == AddressFamily.InterNetwork ? "IPv4" : "IPv6";

    private static IPAddress GatewayOf(AddressFamily family) => family == AddressFamily.InterNetwork ? Gateway4
        : Gateway6;

    private static void Try(string consequence, List<string> problems, Action action)
    {
        try
        {
            action();
        }
        catch (NativeException e)
        {
            problems.Add($"{consequence}: {e.Message}");
        }
    }
}
