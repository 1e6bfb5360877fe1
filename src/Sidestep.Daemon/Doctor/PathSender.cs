using System.Net;
using System.Net.Sockets;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;
using Sidestep.Packets;

namespace Sidestep.Daemon.Doctor;

/// <summary>Sends packets to a server as the data plane sends traffic: by the same next hop, with the same outer header.</summary>
internal sealed class PathSender : IDisposable
{
    /// <summary>Source ports of GUE that the data plane uses, too (RFC 6335: not for anybody's service).</summary>
    private const int LowestGuePort = 0xc000;

    private readonly FrameSender _sender = FrameSender.Open();

    /// <summary>The address that probes of a family come from; null: the way out has none.</summary>
    internal static IPAddress? Source(NextHop hop, AddressFamily family) =>
        family == AddressFamily.InterNetwork ? hop.Egress.Address : hop.Egress.Address6;

    /// <summary>As it is: to the server's own address, or to a VIP at layer 2.</summary>
    internal bool Send(NextHop hop, ReadOnlySpan<byte> packet)
    {
        var frame = new byte[EthernetPacket.HeaderLength + packet.Length];
        new EthernetHeader(hop.Neighbour, hop.Egress.Mac, packet[0] >> 4 == 6 ? EtherType.Ipv6 : EtherType.Ipv4).Write(frame);
        packet.CopyTo(frame.AsSpan(EthernetPacket.HeaderLength));
        return _sender.Send(hop.Egress.Index, frame);
    }

    /// <summary>The way that traffic goes.</summary>
    /// <param name="hop">Of the tables in force.</param>
    /// <param name="way">Of the service.</param>
    /// <param name="server">The server's own address.</param>
    /// <param name="packet">To the VIP.</param>
    /// <param name="flow">Differs per flow, for outer headers that do.</param>
    /// <returns>False: the outer header has no source, or the frame could not be sent.</returns>
    internal bool Send(NextHop hop, Way way, IPAddress server, byte[] packet, int flow)
    {
        if (way.Encapsulation is not { } encapsulation)
            return Send(hop, packet);
        if (OuterSource(hop, way, server.AddressFamily, flow) is not { } source)
            return false;
        return Send(hop, encapsulation switch
        {
            Encapsulation.IpIp => ProbePacket.IpIp(source, server, packet),
            Encapsulation.Gre => ProbePacket.Gre(source, server, packet),
            Encapsulation.Gue => ProbePacket.Gue(new IPEndPoint(source, LowestGuePort | flow & 0x3fff), new IPEndPoint(server, way.GuePort), packet),
            _ => throw new ArgumentOutOfRangeException(nameof(way)),
        });
    }

    public void Dispose() => _sender.Dispose();

    private static IPAddress? OuterSource(NextHop hop, Way way, AddressFamily family, int flow)
    {
        if ((family == AddressFamily.InterNetwork ? way.OuterSource4 : way.OuterSource6) is not { } prefix)
            return Source(hop, family);
        // Prefixes have room for eight bits at least.
        var bytes = prefix.BaseAddress.GetAddressBytes();
        bytes[^1] |= (byte)flow;
        return new IPAddress(bytes);
    }
}
