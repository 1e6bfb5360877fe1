using System.Collections.Immutable;
using System.Net;
using Sidestep.Forwarding;
using Sidestep.Native;
using Sidestep.Packets;

namespace Sidestep.Daemon.Multicast;

/// <summary>Receives neighbour solicitations for IPv6 VIPs, which are sent to the solicited-node multicast address of
/// each VIP (33:33:ff:..., RFC 4291 section 2.7.1). Safe for threads. A network card drops multicast addresses that are
/// not in its list, and the kernel does not add these, because the VIPs are no addresses of the machine.</summary>
/// <remarks>
/// The Ethernet address is added to the interface's list as <c>ip maddress</c> does: like the XDP program, it stays
/// when the daemon dies. Switches with MLD snooping also need members; these are sockets, and exist while the daemon
/// runs.
/// </remarks>
/// <param name="earlier"><see cref="AddedMacs"/> of an earlier run.</param>
/// <param name="save">Receives <see cref="AddedMacs"/> before an address is added, and after a change. An address that
/// is not saved would stay for ever if the daemon died.</param>
/// <param name="log">Receives each problem once.</param>
/// <param name="macs">The lists of the interfaces.</param>
/// <param name="openSocket">Opens a socket for memberships.</param>
internal sealed class SolicitedNodeMulticast(ImmutableArray<string> earlier, Action<ImmutableArray<string>> save,
    Action<string> log, IMulticastMacs macs, Func<IMembershipSocket> openSocket) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly HashSet<MacEntry> _added = [.. earlier.Select(MacEntry.Parse).OfType<MacEntry>()];
    private readonly MulticastMembership _memberships = new(openSocket);

    /// <summary>Null before the first update, which may have to remove addresses of an earlier run.</summary>
    private HashSet<(EgressInterface Interface, Ipv6Address Address)>? _desired;

    private ImmutableArray<string> _problems = [];

    /// <summary>The entries that this director added: name of the interface and Ethernet address, separated by a
    /// space.</summary>
    internal ImmutableArray<string> AddedMacs
    {
        get
        {
            lock (_gate)
                return [.. _added.Select(static e => e.ToString()).Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>Multicast addresses that could not be added or joined, and why.</summary>
    internal ImmutableArray<string> Problems => _problems;

    /// <summary>Adds and joins the multicast addresses of these VIPs on these interfaces, and removes all
    /// others.</summary>
    internal void Update(IEnumerable<EgressInterface> interfaces, IEnumerable<IPAddress> vips)
    {
        var multicastAddresses = vips.Select(static v => Ipv6Address.From(v).SolicitedNode).ToHashSet();
        var desired = interfaces.SelectMany(_ => multicastAddresses, static (i, a) => (Interface: i, Address: a))
            .ToHashSet();
        lock (_gate)
        {
            if (_desired is not null && desired.SetEquals(_desired) && _problems.IsEmpty)
                return;
            _desired = desired;
            var problems = new List<string>();
            AddMacs(desired, problems);
            _memberships.Update(desired.Select(static w => (w.Interface.Index, w.Address.ToIPAddress())).ToHashSet(),
                problems);
            foreach (var problem in problems.Except(_problems))
                log(problem);
            _problems = [.. problems];
        }
    }

    /// <summary>Adds again what another program has removed from the lists.</summary>
    /// <returns>What was missing, and is there again.</returns>
    internal IReadOnlyList<string> Restore()
    {
        lock (_gate)
        {
            if (_desired is not { Count: > 0 } desired)
                return [];
            var missing = Missing(desired, macs.List());
            if (missing.Length == 0)
                return [];
            // What the kernel refuses is a problem of the next update, as when a link is gone.
            AddMacs(desired, []);
            var left = Missing(desired, macs.List());
            return [.. missing.Except(left).Select(static e => $"the multicast address {e.Mac} of {e.Interface}")];
        }
    }

    /// <summary>Lets the next <see cref="Update"/> add and join all multicast addresses again: an interface may have
    /// been deleted and created again.</summary>
    internal void Rejoin()
    {
        lock (_gate)
        {
            if (_desired is null)
                return;
            _desired = null;
            _memberships.Update(new HashSet<(int, IPAddress)>(), []);
        }
    }

    /// <summary>Removes and leaves all multicast addresses, those of an earlier run included.</summary>
    internal void Leave() => Update([], []);

    public void Dispose() => _memberships.Dispose();

    private static HashSet<MacEntry> EntriesOf(IEnumerable<(EgressInterface Interface, Ipv6Address Address)> desired) =>
        desired.Select(static w => new MacEntry(w.Interface.Name, w.Address.MulticastMac)).ToHashSet();

    private static MacEntry[] Missing(IEnumerable<(EgressInterface Interface, Ipv6Address Address)> desired,
        IReadOnlySet<(string Interface, string Mac)> present) =>
        [.. EntriesOf(desired).Where(e => !present.Contains((e.Interface, e.Hexadecimal)))];

    private void AddMacs(IEnumerable<(EgressInterface Interface, Ipv6Address Address)> desired, List<string> problems)
    {
        var entries = EntriesOf(desired);
        var missing = Missing(desired, macs.List());
        var obsolete = _added.Where(e => !entries.Contains(e)).ToArray();
        if (missing.Length == 0 && obsolete.Length == 0)
            return;
        _added.UnionWith(missing);
        save(AddedMacs);
        foreach (var entry in missing)
        {
            try
            {
                // Another program has added it meanwhile, so it is not the director's to remove.
                if (!macs.Add(entry.Interface, entry.Bytes))
                    _added.Remove(entry);
            }
            catch (NativeException e)
            {
                _added.Remove(entry);
                problems.Add(
                    $"interface '{entry.Interface}' does not accept the multicast address {entry.Mac}: "
                    + $"{e.Message}. Its card may drop neighbour solicitations for VIPs: "
                    + "`ip link set allmulticast on` prevents that");
            }
        }
        foreach (var entry in obsolete)
        {
            try
            {
                macs.Remove(entry.Interface, entry.Bytes);
                _added.Remove(entry);
            }
            catch (NativeException e)
            {
                problems.Add(
                    $"interface '{entry.Interface}' keeps the multicast address {entry.Mac}, which no VIP needs: "
                    + e.Message);
            }
        }
        save(AddedMacs);
    }

    /// <summary>An entry in the list of an interface.</summary>
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

        /// <summary>Null: the text is no entry.</summary>
        internal static MacEntry? Parse(string? text)
        {
            var parts = (text ?? "").Split(' ');
            return parts.Length == 2 && MacAddress.TryParse(parts[1], out var mac) ? new MacEntry(parts[0], mac)
                : null;
        }

        public override string ToString() => $"{Interface} {Mac}";
    }
}
