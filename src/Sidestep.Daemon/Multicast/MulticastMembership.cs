using System.Net;
using System.Net.Sockets;

namespace Sidestep.Daemon.Multicast;

/// <summary>Multicast memberships of this process: the kernel reports them by MLD (RFC 3810), for switches that send groups
/// only where members are.</summary>
internal sealed class MulticastMembership : IDisposable
{
    /// <summary>Memberships take of the memory for a socket's options, of which there are 20 KiB on most kernels.</summary>
    private const int MaxPerSocket = 100;

    private readonly Dictionary<(int Interface, IPAddress Group), MembershipSocket> _members = [];
    private readonly List<MembershipSocket> _sockets = [];

    /// <summary>Joins these, and leaves all others.</summary>
    internal void Update(IReadOnlySet<(int Interface, IPAddress Group)> desired, List<string> problems)
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
                problems.Add($"not a member of {key.Group} on interface {key.Interface}: {e.Message}. A switch that looks into MLD may "
                    + "keep neighbour solicitations for VIPs from the director");
            }
        }
    }

    public void Dispose()
    {
        foreach (var member in _sockets)
            member.Dispose();
    }

    private MembershipSocket FreeSocket()
    {
        if (_sockets.Find(static s => s.Count < MaxPerSocket) is { } free)
            return free;
        var member = new MembershipSocket();
        _sockets.Add(member);
        return member;
    }

    private sealed class MembershipSocket : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);

        internal int Count { get; private set; }

        internal void Join((int Interface, IPAddress Group) key)
        {
            _socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.AddMembership, new IPv6MulticastOption(key.Group, key.Interface));
            Count++;
        }

        internal void Leave((int Interface, IPAddress Group) key)
        {
            Count--;
            try
            {
                _socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.DropMembership, new IPv6MulticastOption(key.Group, key.Interface));
            }
            catch (SocketException)
            {
                // The interface is gone, and its members with it.
            }
        }

        public void Dispose() => _socket.Dispose();
    }
}
