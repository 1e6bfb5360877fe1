using Sidestep.Native;
using Sidestep.Packets;

namespace Sidestep.Daemon.Frames;

/// <summary>Packet sockets of this network namespace (AF_PACKET).</summary>
internal sealed class FrameChannel : IFrameChannel
{
    private const int MaxFramesPerCall = 10_000;

    /// <summary>An advertisement with a few more options than the one that is needed.</summary>
    private const int MaxNeighbourFrameBytes = 256;

    private const int MaxIpFrameBytes = 2048;
    private const int NextHeaderOffset = EthernetPacket.HeaderLength + 6, TypeOffset = EthernetPacket.HeaderLength + 40;

    private readonly FrameSender _sender = FrameSender.Open();
    private readonly List<FrameReceiver> _receivers = [];
    private readonly int _maxFrameBytes;

    private FrameChannel(int maxFrameBytes) => _maxFrameBytes = maxFrameBytes;

    /// <summary>Receives ARP (RFC 826) and neighbour advertisements (RFC 4861 section 4.4). The kernel filters other
    /// IPv6 traffic.</summary>
    /// <exception cref="NativeException">CAP_NET_RAW is missing.</exception>
    internal static FrameChannel OfNeighbours() =>
        Open(MaxNeighbourFrameBytes, static () => FrameReceiver.Open((ushort)EtherType.Arp),
        static () => FrameReceiver.Open((ushort)EtherType.Ipv6,
            (NextHeaderOffset, (byte)IpProtocol.Ipv6Icmp), (TypeOffset, NeighbourAdvertisement.Type)));

    /// <summary>Receives all IPv4 and IPv6 packets.</summary>
    /// <exception cref="NativeException">CAP_NET_RAW is missing.</exception>
    internal static FrameChannel OfIp() =>
        Open(MaxIpFrameBytes, static () => FrameReceiver.Open((ushort)EtherType.Ipv4),
        static () => FrameReceiver.Open((ushort)EtherType.Ipv6));

    public bool Send(int interfaceIndex, ReadOnlySpan<byte> frame) => _sender.Send(interfaceIndex, frame);

    public void Receive(FrameHandler handle)
    {
        Span<byte> frame = stackalloc byte[_maxFrameBytes];
        foreach (var receiver in _receivers)
        {
            for (var i = 0; i < MaxFramesPerCall
                && receiver.TryReceive(frame, out var index) is var length and > 0; i++)
                handle(frame[..length], index);
        }
    }

    public void Dispose()
    {
        _sender.Dispose();
        foreach (var receiver in _receivers)
            receiver.Dispose();
    }

    private static FrameChannel Open(int maxFrameBytes, params ReadOnlySpan<Func<FrameReceiver>> receivers)
    {
        var channel = new FrameChannel(maxFrameBytes);
        try
        {
            foreach (var open in receivers)
                channel._receivers.Add(open());
            return channel;
        }
        catch
        {
            channel.Dispose();
            throw;
        }
    }
}
