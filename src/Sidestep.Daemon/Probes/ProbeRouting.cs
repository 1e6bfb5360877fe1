using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Daemon.Probes;

/// <summary>What leads packets with the mark of a probe out by the director's interface, whatever they are addressed to: a rule, a
/// table with a default route by a gateway that is nobody, and the program that gives them the addresses of a server.</summary>
/// <remarks>The kernel makes whole frames only for neighbours that it knows. One gateway that is entered by hand, of each family,
/// saves an entry for every VIP; the program replaces its Ethernet address.</remarks>
internal sealed class ProbeRouting : IDisposable
{
    private const uint Table = 5150, Priority = 5150;
    private static readonly IPAddress Gateway4 = IPAddress.Parse("169.254.51.50"), Gateway6 = IPAddress.Parse("fe80::5150");

    /// <summary>Locally administered; no frame leaves with it.</summary>
    private static ReadOnlySpan<byte> GatewayMac => [0x02, 0x00, 0x00, 0x00, 0x51, 0x50];

    private readonly NetlinkSocket _socket = NetlinkSocket.Open();
    private readonly ProbeFilter _filter;
    private readonly Action<string> _log;
    private readonly HashSet<int> _attached = [];
    private readonly Dictionary<AddressFamily, int> _egressIndexes = [];

    internal ProbeRouting(ProbeFilter filter, Action<string> log)
    {
        _filter = filter;
        _log = log;
    }

    /// <summary>Why probes of a family, or by an interface, cannot leave; empty when all can.</summary>
    internal IReadOnlyList<string> Problems { get; private set; } = [];

    /// <summary>Follows the director's interfaces: one may have been deleted and made anew.</summary>
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
                _filter.Attach(added.Index);
                _attached.Add(added.Index);
            });
        }
        AddRoute(AddressFamily.InterNetwork, interfaces.FirstOrDefault(static i => i.Address is not null), Gateway4, problems);
        AddRoute(AddressFamily.InterNetworkV6, interfaces.FirstOrDefault(static i => i.Address6 is not null), Gateway6, problems);
        foreach (var problem in problems.Except(Problems))
            _log(problem);
        Problems = problems;
    }

    /// <summary>Takes everything back.</summary>
    internal void Remove()
    {
        foreach (var index in _attached)
            DetachFrom(index);
        _attached.Clear();
        foreach (var family in _egressIndexes.Keys.ToArray())
            RemoveRoute(family);
    }

    public void Dispose() => _socket.Dispose();

    private void DetachFrom(int index)
    {
        try
        {
            ProbeFilter.Detach(index);
        }
        catch (NativeException e)
        {
            // With the interface its filters are gone, too.
            _log($"what let probes out of interface {index.ToString(CultureInfo.InvariantCulture)} was not taken back: {e.Message}");
        }
    }

    private void AddRoute(AddressFamily family, EgressInterface? egress, IPAddress gateway, List<string> problems)
    {
        if (egress is null)
        {
            RemoveRoute(family);
            return;
        }
        if (_egressIndexes.TryGetValue(family, out var present) && present == egress.Index)
            return;
        Try($"probes of {(family == AddressFamily.InterNetwork ? "IPv4" : "IPv6")} cannot leave by {egress.Name}", problems, () =>
        {
            DefaultGateways.Set(_socket, Table, egress.Index, gateway, GatewayMac);
            PolicyRules.Add(_socket, RuleOf(family));
            _egressIndexes[family] = egress.Index;
        });
    }

    private void RemoveRoute(AddressFamily family)
    {
        if (!_egressIndexes.Remove(family, out var index))
            return;
        try
        {
            PolicyRules.Remove(_socket, RuleOf(family));
            DefaultGateways.Remove(_socket, Table, index, family == AddressFamily.InterNetwork ? Gateway4 : Gateway6);
        }
        catch (NativeException e)
        {
            _log($"failed to remove probe routing: {e.Message}");
        }
    }

    private static MarkRule RuleOf(AddressFamily family) => new(family, Priority, ProbeFilter.Mark, ProbeFilter.MarkMask, Table);

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
