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

    private readonly HashSet<int> _attached = [];
    private readonly Dictionary<AddressFamily, int> _egressIndexes = [];

    /// <summary>Why probes of an address family, or by an interface, cannot leave; empty: all can.</summary>
    internal IReadOnlyList<string> Problems { get; private set; } = [];

    /// <summary>Follows the director's interfaces: one may have been deleted and created again.</summary>
    internal void Update(IReadOnlyList<EgressInterface> interfaces)
    {
        var problems = new List<string>();
        foreach (var removed in _attached.Where(a => interfaces.All(i => i.Index != a)).ToArray())
        {
            _attached.Remove(removed);
            DetachFrom(removed);
        }
        foreach (var added in interfaces.Where(i => !_attached.Contains(i.Index)))
        {
            Try($"probes cannot leave by {added.Name}", problems, () =>
            {
                filter.Attach(added.Index);
                _attached.Add(added.Index);
            });
        }
        AddRoute(AddressFamily.InterNetwork, interfaces.FirstOrDefault(static i => i.Address is not null), problems);
        AddRoute(AddressFamily.InterNetworkV6, interfaces.FirstOrDefault(static i => i.Address6 is not null), problems);
        foreach (var problem in problems.Except(Problems))
            log(problem);
        Problems = problems;
    }

    /// <summary>Removes the filters, the rules and the routes.</summary>
    internal void Remove()
    {
        foreach (var index in _attached)
            DetachFrom(index);
        _attached.Clear();
        foreach (var family in _egressIndexes.Keys.ToArray())
            RemoveRoute(family);
    }

    public void Dispose() => routes.Dispose();

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
        var familyName = family == AddressFamily.InterNetwork ? "IPv4" : "IPv6";
        Try($"probes of {familyName} cannot leave by {egress.Name}", problems, () =>
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
