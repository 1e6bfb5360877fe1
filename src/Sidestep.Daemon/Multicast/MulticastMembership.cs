using System.Net;
using System.Net.Sockets;

namespace Sidestep.Daemon.Multicast;

/// <summary>Multicast memberships of this process. The kernel reports them by MLD (RFC 3810) to switches that forward a
/// multicast address only to its members.</summary>
/// <param name="open">Opens a socket.</param>
internal sealed class MulticastMembership(Func<IMembershipSocket> open) : IDisposable
{
    /// <summary>The most memberships of one socket. Each membership uses option memory of its socket
    /// (net.core.optmem_max), 20 KiB on most kernels.</summary>
    internal const int MaxPerSocket = 100;

    private readonly Dictionary<(int Interface, IPAddress Address), Membership> _members = [];
    private readonly List<Membership> _sockets = [];

    /// <summary>Joins these multicast addresses, and leaves all others.</summary>
    /// <param name="desired">Interface index and multicast address.</param>
    /// <param name="problems">Receives one sentence per address that could not be joined.</param>
    internal void Update(IReadOnlySet<(int Interface, IPAddress Address)> desired, List<string> problems)
    {
        foreach (var key in _members.Keys.Where(k => !desired.Contains(k)).ToArray())
        {
            _members.Remove(key, out var member);
            member!.Leave(key);
        }
        foreach (var key in desired.Where(k => !_members.ContainsKey(k)))
        {
            try
            {
                var member = FreeSocket();
                member.Join(key);
                _members.Add(key, member);
            }
            catch (SocketException e)
            {
                problems.Add(
                    $"not a member of {key.Address} on interface {key.Interface}: {e.Message}. "
                    + "A switch with MLD snooping may drop neighbour solicitations for VIPs to the director");
            }
        }
    }

    public void Dispose()
    {
        foreach (var member in _sockets)
            member.Dispose();
    }

    private Membership FreeSocket()
    {
        if (_sockets.Find(static s => s.Count < MaxPerSocket) is { } free)
            return free;
        var member = new Membership(open());
        _sockets.Add(member);
        return member;
    }

    /// <summary>A socket and the number of its memberships.</summary>
    private sealed class Membership(IMembershipSocket socket) : IDisposable
    {
        internal int Count { get; private set; }

        internal void Join((int Interface, IPAddress Address) key)
        {
            socket.Join(key.Interface, key.Address);
            Count++;
        }

        internal void Leave((int Interface, IPAddress Address) key)
        {
            Count--;
            try
            {
                socket.Leave(key.Interface, key.Address);
            }
            catch (SocketException)
            {
                // The interface is deleted, and its memberships with it.
            }
        }

        public void Dispose() => socket.Dispose();
    }
}
