using System.Net;
using System.Net.Sockets;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;
using Sidestep.Packets;

namespace Sidestep.Daemon.Doctor;

/// <summary>Sends packets to a server as the data plane sends traffic: by the same next hop, with the same outer header.</summary>
internal sealed class ProbeSender : IDisposable
{
    /// <summary>Source ports of GUE that the data plane uses, too (RFC 6335: not for anybody's service).</summary>
    private const int MinGuePort = 0xc000;

    private readonly FrameSender _sender = FrameSender.Open();

    /// <summary>The address that probes of a family come from; null: the way out has none.</summary>
    internal static IPAddress? SourceAddress(NextHop nextHop, AddressFamily family) =>
        family == AddressFamily.InterNetwork ? nextHop.Egress.Address : nextHop.Egress.Address6;

    /// <summary>As it is: to the server's own address, or to a VIP at layer 2.</summary>
    internal bool Send(NextHop nextHop, ReadOnlySpan<byte> packet)
    {
        var frame = new byte[EthernetPacket.HeaderLength + packet.Length];
        new EthernetHeader(nextHop.Neighbour, nextHop.Egress.Mac, packet[0] >> 4 == 6 ? EtherType.Ipv6 : EtherType.Ipv4).Write(frame);
        packet.CopyTo(frame.AsSpan(EthernetPacket.HeaderLength));
        return _sender.Send(nextHop.Egress.Index, frame);
    }

    /// <summary>The way that traffic goes.</summary>
    /// <param name="nextHop">Of the tables in force.</param>
    /// <param name="encap">Of the service.</param>
    /// <param name="server">The server's own address.</param>
    /// <param name="packet">To the VIP.</param>
    /// <param name="flow">Differs per flow, for outer headers that do.</param>
    /// <returns>False: the outer header has no source, or the frame could not be sent.</returns>
    internal bool Send(NextHop nextHop, Encap encap, IPAddress server, byte[] packet, int flow)
    {
        if (encap.Encapsulation is not { } encapsulation)
            return Send(nextHop, packet);
        if (OuterSource(nextHop, encap, server.AddressFamily, flow) is not { } source)
            return false;
        return Send(nextHop, encapsulation switch
        {
            Encapsulation.IpIp => ProbePacket.IpIp(source, server, packet),
            Encapsulation.Gre => ProbePacket.Gre(source, server, packet),
            Encapsulation.Gue => ProbePacket.Gue(new IPEndPoint(source, MinGuePort | flow & 0x3fff), new IPEndPoint(server, encap.GuePort), packet),
            _ => throw new ArgumentOutOfRangeException(nameof(encap)),
        });
    }

    public void Dispose() => _sender.Dispose();

    private static IPAddress? OuterSource(NextHop nextHop, Encap encap, AddressFamily family, int flow)
    {
        if ((family == AddressFamily.InterNetwork ? encap.OuterSource4 : encap.OuterSource6) is not { } prefix)
            return SourceAddress(nextHop, family);
        // Prefixes have room for eight bits at least.
        var bytes = prefix.BaseAddress.GetAddressBytes();
        bytes[^1] |= (byte)flow;
        return new IPAddress(bytes);
    }
}
