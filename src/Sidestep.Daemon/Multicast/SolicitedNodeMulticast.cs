using System.Collections.Immutable;
using System.Net;
using Sidestep.Forwarding;
using Sidestep.Native;
using Sidestep.Native.Netlink;
using Sidestep.Packets;

namespace Sidestep.Daemon.Multicast;

/// <summary>Lets neighbour solicitations for IPv6 VIPs come in: they are sent to a group (33:33:ff:...), and a card filters
/// what nobody joined; the VIPs are no addresses of the machine, so that nobody else joins.</summary>
/// <remarks>
/// The group is entered into the interface's list by hand, as <c>ip maddress</c> does: that stays when the daemon dies, as
/// the program does. Switches that look into MLD want to hear of members, too, and these are sockets: while the daemon runs.
/// </remarks>
/// <param name="earlier">What an earlier run entered and did not take back, by <see cref="AddedMacs"/>.</param>
/// <param name="save">Called with <see cref="AddedMacs"/> before something is entered, and after a change: what is not saved
/// would stay for ever if the daemon died.</param>
/// <param name="log">Gets each problem once.</param>
internal sealed class SolicitedNodeMulticast(ImmutableArray<string> earlier, Action<ImmutableArray<string>> save, Action<string> log) : IDisposable
{
    private readonly HashSet<MacEntry> _added = [.. earlier.Select(MacEntry.Parse)];
    private readonly MulticastMembership _memberships = new();

    /// <summary>Null at first: what an earlier run entered is not known to be wanted.</summary>
    private HashSet<(EgressInterface Interface, Ipv6Address Group)>? _desired;

    private ImmutableArray<string> _problems = [];

    /// <summary>What this director entered: interface and Ethernet address.</summary>
    internal ImmutableArray<string> AddedMacs => [.. _added.Select(static e => e.ToString()).Order(StringComparer.Ordinal)];

    /// <summary>Groups that could not be joined, and why.</summary>
    internal ImmutableArray<string> Problems => _problems;

    /// <summary>Joins the groups of these VIPs on these interfaces, and leaves all others.</summary>
    internal void Update(IEnumerable<EgressInterface> interfaces, IEnumerable<IPAddress> vips)
    {
        var multicastAddresses = vips.Select(static v => Ipv6Address.From(v).SolicitedNode).ToHashSet();
        var desired = interfaces.SelectMany(_ => multicastAddresses, static (i, g) => (Interface: i, Group: g)).ToHashSet();
        if (_desired is not null && desired.SetEquals(_desired) && _problems.IsEmpty)
            return;
        _desired = desired;
        var problems = new List<string>();
        AddMacs(desired, problems);
        _memberships.Update(desired.Select(static w => (w.Interface.Index, w.Group.ToIPAddress())).ToHashSet(), problems);
        foreach (var problem in problems.Except(_problems))
            log(problem);
        _problems = [.. problems];
    }

    /// <summary>Takes back everything.</summary>
    internal void Leave() => Update([], []);

    public void Dispose() => _memberships.Dispose();

    private void AddMacs(IEnumerable<(EgressInterface Interface, Ipv6Address Group)> desired, List<string> problems)
    {
        var entries = desired.Select(static w => new MacEntry(w.Interface.Name, w.Group.MulticastMac)).ToHashSet();
        var present = LinkMulticast.List();
        var missing = entries.Where(e => !present.Contains((e.Interface, e.Hexadecimal))).ToArray();
        var obsolete = _added.Where(e => !entries.Contains(e)).ToArray();
        if (missing.Length == 0 && obsolete.Length == 0)
            return;
        _added.UnionWith(missing);
        save(AddedMacs);
        foreach (var entry in missing)
        {
            try
            {
                // There meanwhile: somebody else's.
                if (!LinkMulticast.Add(entry.Interface, entry.Bytes))
                    _added.Remove(entry);
            }
            catch (NativeException e)
            {
                _added.Remove(entry);
                problems.Add($"interface '{entry.Interface}' does not take the group {entry.Mac}: {e.Message}. Its card may keep "
                    + "neighbour solicitations for VIPs from the director: `ip link set allmulticast on` lets them in");
            }
        }
        foreach (var entry in obsolete)
        {
            try
            {
                LinkMulticast.Remove(entry.Interface, entry.Bytes);
                _added.Remove(entry);
            }
            catch (NativeException e)
            {
                problems.Add($"interface '{entry.Interface}' keeps the group {entry.Mac}, which no VIP needs: {e.Message}");
            }
        }
        save(AddedMacs);
    }

    /// <summary>One line of <c>ip maddress</c>.</summary>
    private readonly record struct MacEntry(string Interface, MacAddress Mac)
    {
        internal byte[] Bytes
        {
            get
            {
                var bytes = new byte[MacAddress.Length];
                Mac.Write(bytes);
                return bytes;
            }
        }

        internal string Hexadecimal => Convert.ToHexStringLower(Bytes);

        internal static MacEntry Parse(string text)
        {
            var parts = text.Split(' ');
            return parts.Length == 2 && MacAddress.TryParse(parts[1], out var mac) ? new MacEntry(parts[0], mac) : default;
        }

        public override string ToString() => $"{Interface} {Mac}";
    }
}
