using System.Buffers.Binary;
using System.Net;
using System.Net.NetworkInformation;

namespace Sidestep.Lab.Captures;

/// <summary>
/// Sorts the frames at one end of a cable by the question of the lab: which way did requests and replies go?
/// The node at that end is known by its MAC address, so frames to it and from it are told apart.
/// </summary>
internal sealed class FrameCounts(IPAddress vip, string mac)
{
    private const int EthernetHeader = 14;
    private const int MacLength = 6;
    private const int Ipv4 = 0x0800;
    private const int IpInIp = 4;

    private readonly uint _vip = BinaryPrimitives.ReadUInt32BigEndian(vip.GetAddressBytes());
    private readonly byte[] _mac = PhysicalAddress.Parse(mac).GetAddressBytes();
    private readonly Counter _requestsIn = new(), _requestsOut = new(), _encapsulatedOut = new(), _replies = new();

    public FrameTotals Now => new(_requestsIn.Now, _requestsOut.Now, _encapsulatedOut.Now, _replies.Now);

    /// <summary>Also of a capture that still goes on: of what it has written so far.</summary>
    public static FrameTotals OfFile(string path, IPAddress vip, string mac)
    {
        var counts = new FrameCounts(vip, mac);
        using var reader = new PcapReader(File.Open(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        counts.AddAll(reader);
        return counts.Now;
    }

    public void AddAll(PcapReader reader)
    {
        while (reader.TryRead(out var frame))
            Add(frame);
    }

    private void Add(CapturedFrame frame)
    {
        var bytes = frame.Bytes;
        if (bytes.Length < EthernetHeader || BinaryPrimitives.ReadUInt16BigEndian(bytes[(2 * MacLength)..]) != Ipv4)
            return;
        var outer = Header.Read(bytes[EthernetHeader..]);
        var inner = outer.Protocol == IpInIp ? Header.Read(bytes[(EthernetHeader + outer.Length)..]) : default;
        var toNode = bytes[..MacLength].SequenceEqual(_mac);
        var fromNode = bytes.Slice(MacLength, MacLength).SequenceEqual(_mac);

        if (outer.Source == _vip || inner.Source == _vip)
            _replies.Add(frame.Length);
        if (outer.Destination == _vip && toNode)
            _requestsIn.Add(frame.Length);
        if (outer.Destination == _vip && fromNode)
            _requestsOut.Add(frame.Length);
        if (inner.Destination == _vip && fromNode)
            _encapsulatedOut.Add(frame.Length);
    }

    private readonly record struct Header(int Length, int Protocol, uint Source, uint Destination)
    {
        private const int Shortest = 20;

        public static Header Read(ReadOnlySpan<byte> packet) => packet.Length < Shortest
            ? default
            : new Header(
                (packet[0] & 0xf) * 4,
                packet[9],
                BinaryPrimitives.ReadUInt32BigEndian(packet[12..]),
                BinaryPrimitives.ReadUInt32BigEndian(packet[16..]));
    }

    // Counted by one thread, looked at by another.
    private sealed class Counter
    {
        private long _frames, _bytes;

        public Count Now => new(Interlocked.Read(ref _frames), Interlocked.Read(ref _bytes));

        public void Add(int bytes)
        {
            Interlocked.Increment(ref _frames);
            Interlocked.Add(ref _bytes, bytes);
        }
    }
}
