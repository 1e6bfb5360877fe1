using System.Net;
using System.Net.Sockets;
using Sidestep.Forwarding;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>Keeps the kernel from doing anything with frames that packet sockets took: it gets them too. What comes in by the
/// interfaces for a VIP is led nowhere, also on a machine that forwards, and is not answered by proxy ARP.</summary>
internal sealed class Silence : IDisposable
{
    private const uint Table = 5151, Priority = 5151;

    private readonly NetlinkSocket _socket = NetlinkSocket.Open();
    private HashSet<IPNetwork> _vips = [];
    private HashSet<(string Interface, AddressFamily Family)> _covered = [];

    /// <summary>For these VIPs, from these interfaces, and no others.</summary>
    /// <exception cref="EngineException">The kernel refused it.</exception>
    internal void Follow(IEnumerable<IPNetwork> vips, IEnumerable<string> interfaces)
    {
        try
        {
            var wanted = vips.ToHashSet();
            var families = wanted.Select(static v => v.BaseAddress.AddressFamily).Distinct().ToArray();
            var covered = interfaces.SelectMany(i => families.Select(f => (i, f))).ToHashSet();
            // Packets that are on their way to the kernel find the route before the rule leads there.
            foreach (var added in wanted.Except(_vips))
                SilencedAddresses.Add(_socket, Table, added);
            foreach (var (name, family) in covered.Except(_covered))
                SilencedAddresses.Cover(_socket, family, Priority, name, Table);
            foreach (var (name, family) in _covered.Except(covered))
                SilencedAddresses.Uncover(_socket, family, Priority, name, Table);
            foreach (var removed in _vips.Except(wanted))
                SilencedAddresses.Remove(_socket, Table, removed);
            (_vips, _covered) = (wanted, covered);
        }
        catch (NativeException e)
        {
            throw new EngineException($"the kernel would go on forwarding or answering for VIPs beside the managed engine: {e.Message}", e);
        }
    }

    public void Dispose() => _socket.Dispose();
}
