using System.Net;
using System.Net.Sockets;
using Sidestep.Daemon.Frames;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Daemon.Doctor;

/// <summary>Sends packets to a server as the data plane does: by the same next hop, with the same outer
/// header.</summary>
/// <param name="frames">Sends the frames.</param>
internal sealed class ProbeSender(IFrameChannel frames)
{
    /// <summary>Source ports of GUE, as in the data plane: the dynamic ports 49152 to 65535 (RFC 6335 section
    /// 6).</summary>
    private const int MinGuePort = 0xc000;

    /// <summary>The source address of probes of an address family; null: the egress interface has none.</summary>
    internal static IPAddress? SourceAddress(NextHop nextHop, AddressFamily family) =>
        family == AddressFamily.InterNetwork ? nextHop.Egress.Address : nextHop.Egress.Address6;

    /// <summary>Sends a packet without an outer header: to the server's own address, or to a VIP at layer 2.</summary>
    /// <returns>False: the frame could not be sent.</returns>
    internal bool Send(NextHop nextHop, ReadOnlySpan<byte> packet)
    {
        var frame = new byte[EthernetPacket.HeaderLength + packet.Length];
        new EthernetHeader(nextHop.Neighbour, nextHop.Egress.Mac, packet[0] >> 4 == 6 ? EtherType.Ipv6 : EtherType.Ipv4)
            .Write(frame);
        packet.CopyTo(frame.AsSpan(EthernetPacket.HeaderLength));
        return frames.Send(nextHop.Egress.Index, frame);
    }

    /// <summary>Sends a packet in the encapsulation of a service.</summary>
    /// <param name="nextHop">The next hop to the server.</param>
    /// <param name="encap">The encapsulation of the service.</param>
    /// <param name="server">The server's own address.</param>
    /// <param name="packet">The packet to the VIP.</param>
    /// <param name="flow">A number per flow, from which outer sources and source ports are derived.</param>
    /// <returns>False: the outer header has no source, or the frame could not be sent.</returns>
    internal bool Send(NextHop nextHop, Encap encap, IPAddress server, byte[] packet, int flow)
    {
        if (encap.Mode == ForwardingMode.L2)
            return Send(nextHop, packet);
        if (OuterSource(nextHop, encap, server.AddressFamily, flow) is not { } source)
            return false;
        return Send(nextHop, encap.Mode switch
        {
            ForwardingMode.IpIp => ProbePacket.IpIp(source, server, packet),
            ForwardingMode.Gre => ProbePacket.Gre(source, server, packet),
            ForwardingMode.Gue =>
                ProbePacket.Gue(new IPEndPoint(source, MinGuePort | flow & 0x3fff),
                new IPEndPoint(server, encap.GuePort), packet),
            _ => throw new ArgumentOutOfRangeException(nameof(encap)),
        });
    }

    private static IPAddress? OuterSource(NextHop nextHop, Encap encap, AddressFamily family, int flow)
    {
        if ((family == AddressFamily.InterNetwork ? encap.OuterSource4 : encap.OuterSource6) is not { } prefix)
            return SourceAddress(nextHop, family);
        // A prefix leaves eight bits or more for the host.
        var bytes = prefix.BaseAddress.GetAddressBytes();
        bytes[^1] |= (byte)flow;
        return new IPAddress(bytes);
    }
}
