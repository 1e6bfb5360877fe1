using System.Net.Sockets;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Socket options that .NET does not define (socket(7), ip(7), ipv6(7), icmp(7)).</summary>
public static class SocketSettings
{
    private const int MarkOption = 36;
    private const int LevelIp = 0, LevelIpv6 = 41, LevelIcmp6 = 58, LevelRaw = 255;
    private const int BindAddressNoPort = 24, DiscoverMtu = 10, DiscoverMtu6 = 23, IcmpFilter = 1;
    private const int ProbeMtu = 3;

    /// <summary>Marks every packet of the socket (SO_MARK); needs CAP_NET_ADMIN.</summary>
    /// <exception cref="SocketException">EPERM: CAP_NET_ADMIN is missing.</exception>
    public static void SetMark(Socket socket, uint mark) =>
        socket.SetRawSocketOption(Libc.SOL_SOCKET, MarkOption, BitConverter.GetBytes(mark));

    /// <summary>Leaves the choice of the port to connect (IP_BIND_ADDRESS_NO_PORT), so that it needs to be unique for
    /// one destination only.</summary>
    public static void LeavePortToConnect(Socket socket) =>
        // An option of the IPv4 level, for both families.
        socket.SetRawSocketOption(LevelIp, BindAddressNoPort, BitConverter.GetBytes(1));

    /// <summary>Sends with DF whatever fits the interface, and ignores the path MTU that the kernel learned
    /// (IP_PMTUDISC_PROBE).</summary>
    public static void NeverFragment(Socket socket)
    {
        if (socket.AddressFamily == AddressFamily.InterNetwork)
            socket.SetRawSocketOption(LevelIp, DiscoverMtu, BitConverter.GetBytes(ProbeMtu));
        else
            socket.SetRawSocketOption(LevelIpv6, DiscoverMtu6, BitConverter.GetBytes(ProbeMtu));
    }

    /// <summary>Restricts a raw socket to these types of ICMP messages.</summary>
    public static void ReceiveIcmp(Socket socket, params ReadOnlySpan<byte> types)
    {
        if (socket.AddressFamily == AddressFamily.InterNetwork)
        {
            // struct icmp_filter: bits of the blocked types; types above 31 always pass
            var blocked = uint.MaxValue;
            foreach (var type in types)
                blocked &= ~(1u << type);
            socket.SetRawSocketOption(LevelRaw, IcmpFilter, BitConverter.GetBytes(blocked));
            return;
        }
        // struct icmp6_filter: 256 bits of the blocked types
        var filter = new byte[32];
        Array.Fill(filter, byte.MaxValue);
        foreach (var type in types)
            filter[type >> 3] &= (byte)~(1 << (type & 7));
        socket.SetRawSocketOption(LevelIcmp6, IcmpFilter, filter);
    }
}
