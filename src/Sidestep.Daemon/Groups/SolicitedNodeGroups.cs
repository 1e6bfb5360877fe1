using System.Collections.Immutable;
using System.Net;
using Sidestep.Forwarding;
using Sidestep.Native;
using Sidestep.Native.Netlink;
using Sidestep.Packets;

namespace Sidestep.Daemon.Groups;

/// <summary>Lets neighbour solicitations for IPv6 VIPs come in: they are sent to a group (33:33:ff:...), and a card filters
/// what nobody joined; the VIPs are no addresses of the machine, so that nobody else joins.</summary>
/// <remarks>
/// The group is entered into the interface's list by hand, as <c>ip maddress</c> does: that stays when the daemon dies, as
/// the program does. Switches that look into MLD want to hear of members, too, and these are sockets: while the daemon runs.
/// </remarks>
/// <param name="earlier">What an earlier run entered and did not take back, by <see cref="Entered"/>.</param>
/// <param name="save">Called with <see cref="Entered"/> before something is entered, and after a change: what is not saved
/// would stay for ever if the daemon died.</param>
/// <param name="log">Gets each problem once.</param>
internal sealed class SolicitedNodeGroups(ImmutableArray<string> earlier, Action<ImmutableArray<string>> save, Action<string> log) : IDisposable
{
    private readonly HashSet<Entry> _entered = [.. earlier.Select(Entry.Parse)];
    private readonly Memberships _memberships = new();

    /// <summary>Null at first: what an earlier run entered is not known to be wanted.</summary>
    private HashSet<(EgressInterface Interface, Ipv6Address Group)>? _wanted;

    private ImmutableArray<string> _problems = [];

    /// <summary>What this director entered: interface and Ethernet address.</summary>
    internal ImmutableArray<string> Entered => [.. _entered.Select(static e => e.ToString()).Order(StringComparer.Ordinal)];

    /// <summary>Groups that could not be joined, and why.</summary>
    internal ImmutableArray<string> Problems => _problems;

    /// <summary>Joins the groups of these VIPs on these interfaces, and leaves all others.</summary>
    internal void Follow(IEnumerable<EgressInterface> interfaces, IEnumerable<IPAddress> vips)
    {
        var groups = vips.Select(static v => Ipv6Address.From(v).SolicitedNode).ToHashSet();
        var wanted = interfaces.SelectMany(_ => groups, static (i, g) => (Interface: i, Group: g)).ToHashSet();
        if (_wanted is not null && wanted.SetEquals(_wanted) && _problems.IsEmpty)
            return;
        _wanted = wanted;
        var problems = new List<string>();
        Enter(wanted, problems);
        _memberships.Follow(wanted.Select(static w => (w.Interface.Index, w.Group.ToIPAddress())).ToHashSet(), problems);
        foreach (var problem in problems.Except(_problems))
            log(problem);
        _problems = [.. problems];
    }

    /// <summary>Takes back everything.</summary>
    internal void Leave() => Follow([], []);

    public void Dispose() => _memberships.Dispose();

    private void Enter(IEnumerable<(EgressInterface Interface, Ipv6Address Group)> wanted, List<string> problems)
    {
        var entries = wanted.Select(static w => new Entry(w.Interface.Name, w.Group.MulticastMac)).ToHashSet();
        var present = LinkGroups.List();
        var missing = entries.Where(e => !present.Contains((e.Interface, e.Hexadecimal))).ToArray();
        var superfluous = _entered.Where(e => !entries.Contains(e)).ToArray();
        if (missing.Length == 0 && superfluous.Length == 0)
            return;
        _entered.UnionWith(missing);
        save(Entered);
        foreach (var entry in missing)
        {
            try
            {
                // There meanwhile: somebody else's.
                if (!LinkGroups.Add(entry.Interface, entry.Bytes))
                    _entered.Remove(entry);
            }
            catch (NativeException e)
            {
                _entered.Remove(entry);
                problems.Add($"interface '{entry.Interface}' does not take the group {entry.Mac}: {e.Message}. Its card may keep "
                    + "neighbour solicitations for VIPs from the director: `ip link set allmulticast on` lets them in");
            }
        }
        foreach (var entry in superfluous)
        {
            try
            {
                LinkGroups.Remove(entry.Interface, entry.Bytes);
                _entered.Remove(entry);
            }
            catch (NativeException e)
            {
                problems.Add($"interface '{entry.Interface}' keeps the group {entry.Mac}, which no VIP needs: {e.Message}");
            }
        }
        save(Entered);
    }

    /// <summary>One line of <c>ip maddress</c>.</summary>
    private readonly record struct Entry(string Interface, MacAddress Mac)
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

        internal static Entry Parse(string text)
        {
            var parts = text.Split(' ');
            return parts.Length == 2 && MacAddress.TryParse(parts[1], out var mac) ? new Entry(parts[0], mac) : default;
        }

        public override string ToString() => $"{Interface} {Mac}";
    }
}
