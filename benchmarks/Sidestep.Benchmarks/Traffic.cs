using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Benchmarks;

/// <summary>The packets that the harness gives to a program.</summary>
/// <param name="Frame">The initial frame of every packet.</param>
/// <param name="Flows">0: the frame's source address; otherwise the number of random source addresses.</param>
/// <param name="Services">0: the frame's destination; otherwise the number of random pairs of VIP and port, from
/// <see cref="Workloads.VipOf"/> and <see cref="Workloads.PortOf"/>.</param>
internal sealed record Traffic(byte[] Frame, uint Flows, uint Services = 0)
{
    /// <summary>A number of flows so large that nearly every packet starts a new flow.</summary>
    internal const uint EndlessFlows = 1U << 31;

    private const byte Version4 = 0x45, Version6 = 0x60, HopLimit = 64, TcpDataOffset = 5 << 4;
    private const ushort SourcePort = 12345;

    internal bool IsIpv6 => BinaryPrimitives.ReadUInt16BigEndian(Frame.AsSpan(12)) == (ushort)EtherType.Ipv6;

    /// <summary>TCP acknowledgements: 60 bytes for IPv4, the shortest frame, and 74 for IPv6.</summary>
    internal static Traffic Acknowledgements(IPAddress destination, uint flows, uint services = 0) =>
        new(FrameTo(destination, TcpControlBits.Ack), flows, services);

    /// <summary>The first segments of new connections.</summary>
    internal static Traffic NewConnections(IPAddress destination) =>
        new(FrameTo(destination, TcpControlBits.Syn), EndlessFlows);

    private static byte[] FrameTo(IPAddress destination, TcpControlBits bits)
    {
        var isIpv6 = destination.AddressFamily == AddressFamily.InterNetworkV6;
        var frame = new byte[isIpv6 ? 74 : 60];
        new EthernetHeader(Workloads.DirectorMac, Workloads.RouterMac, isIpv6 ? EtherType.Ipv6 : EtherType.Ipv4)
            .Write(frame);
        var ip = frame.AsSpan(EthernetPacket.HeaderLength);
        var tcp = ip[(isIpv6 ? 40 : 20)..];
        if (isIpv6)
        {
            ip[0] = Version6;
            ip[5] = TcpPacket.MinimumHeaderLength;
            ip[6] = (byte)TransportProtocol.Tcp;
            ip[7] = HopLimit;
            IPAddress.Parse("2001:db8:ffff::b00:1").TryWriteBytes(ip[8..], out _);
            destination.TryWriteBytes(ip[24..], out _);
        }
        else
        {
            ip[0] = Version4;
            ip[3] = 40;
            ip[8] = HopLimit;
            ip[9] = (byte)TransportProtocol.Tcp;
            IPAddress.Parse("11.0.0.1").TryWriteBytes(ip[12..], out _);
            destination.TryWriteBytes(ip[16..], out _);
        }
        BinaryPrimitives.WriteUInt16BigEndian(tcp, SourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[2..], Workloads.Port);
        tcp[12] = TcpDataOffset;
        tcp[13] = (byte)bits;
        return frame;
    }
}
