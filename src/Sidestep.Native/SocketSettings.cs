using System.Net.Sockets;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Settings of sockets that .NET has no name for (socket(7), ip(7), ipv6(7), icmp(7)).</summary>
public static class SocketSettings
{
    private const int Mark = 36;
    private const int LevelIp = 0, LevelIpv6 = 41, LevelIcmp6 = 58, LevelRaw = 255;
    private const int BindAddressNoPort = 24, DiscoverMtu = 10, DiscoverMtu6 = 23, IcmpFilter = 1;
    private const int ProbeMtu = 3;

    /// <summary>Marks every packet of the socket (SO_MARK); needs CAP_NET_ADMIN.</summary>
    /// <exception cref="SocketException">Not allowed.</exception>
    public static void SetMark(Socket socket, uint mark) =>
        socket.SetRawSocketOption(Libc.SOL_SOCKET, Mark, BitConverter.GetBytes(mark));

    /// <summary>Binding to an address leaves the port for connecting to choose, so that it need be unique for one destination only.</summary>
    public static void LeavePortToConnect(Socket socket) =>
        // of the level of IPv4, for both families
        socket.SetRawSocketOption(LevelIp, BindAddressNoPort, BitConverter.GetBytes(1));

    /// <summary>Sends with DF whatever fits the interface, and remembers nothing of what a way takes (IP_PMTUDISC_PROBE).</summary>
    public static void NeverFragment(Socket socket)
    {
        if (socket.AddressFamily == AddressFamily.InterNetwork)
            socket.SetRawSocketOption(LevelIp, DiscoverMtu, BitConverter.GetBytes(ProbeMtu));
        else
            socket.SetRawSocketOption(LevelIpv6, DiscoverMtu6, BitConverter.GetBytes(ProbeMtu));
    }

    /// <summary>Lets only these types of ICMP come to a raw socket.</summary>
    public static void ReceiveIcmp(Socket socket, params ReadOnlySpan<byte> types)
    {
        if (socket.AddressFamily == AddressFamily.InterNetwork)
        {
            // struct icmp_filter: bits of the types that do not pass; those beyond 31 always do
            var blocked = uint.MaxValue;
            foreach (var type in types)
                blocked &= ~(1u << type);
            socket.SetRawSocketOption(LevelRaw, IcmpFilter, BitConverter.GetBytes(blocked));
            return;
        }
        // struct icmp6_filter: 256 bits of the types that do not pass
        var filter = new byte[32];
        Array.Fill(filter, byte.MaxValue);
        foreach (var type in types)
            filter[type >> 3] &= (byte)~(1 << (type & 7));
        socket.SetRawSocketOption(LevelIcmp6, IcmpFilter, filter);
    }
}
