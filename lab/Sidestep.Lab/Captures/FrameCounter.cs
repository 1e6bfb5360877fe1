using System.Net;
using System.Net.NetworkInformation;
using Sidestep.Lab.Scenarios;

namespace Sidestep.Lab.Captures;

/// <summary>
/// Counts the frames at one end of a cable by kind, which shows the path of requests and of replies.
/// The MAC address of the node at that end distinguishes frames to it from frames from it.
/// The director's own probes and the replies to those do not count: their inner packet is from or to the director.
/// </summary>
internal sealed class FrameCounter(IEnumerable<IPAddress> vips, string mac, IEnumerable<IPAddress>? probers = null,
    Outages? outages = null)
{
    private readonly byte[][] _probers = [.. (probers ?? []).Select(a => a.GetAddressBytes())];
    private readonly byte[][] _vips = [.. vips.Select(v => v.GetAddressBytes())];
    private readonly byte[] _mac = PhysicalAddress.Parse(mac).GetAddressBytes();
    private readonly VolumeCounter _requestsIn = new(), _requestsOut = new(), _encapsulatedOut = new(),
        _withoutDaemon = new(), _replies = new();

    public FrameTotals Now =>
        new(_requestsIn.Now, _requestsOut.Now, _encapsulatedOut.Now, _withoutDaemon.Now, _replies.Now);

    /// <summary>Counts the frames in a file. A running capture is counted up to the frames that it has
    /// written.</summary>
    public static FrameTotals OfFile(string path, IEnumerable<IPAddress> vips, string mac,
        IEnumerable<IPAddress>? probers = null, Outages? outages = null)
    {
        var counts = new FrameCounter(vips, mac, probers, outages);
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
        var ethernet = EthernetView.Read(frame.Bytes);
        var outer = ethernet.Packet;
        if (!outer.IsWhole)
            return;
        var inner = outer.Inner();
        var packet = inner.IsWhole ? inner : outer;
        if (IsAmong(_probers, packet.Source) || IsAmong(_probers, packet.Destination))
            return;
        var toNode = ethernet.Destination.SequenceEqual(_mac);
        var fromNode = ethernet.Source.SequenceEqual(_mac);

        if (IsVip(outer.Source) || IsVip(inner.Source))
            _replies.Add(frame.Length);
        if (IsVip(outer.Destination) && toNode)
        {
            _requestsIn.Add(frame.Length);
            if (outages?.Contain(frame.Time.ToUnixTimeMilliseconds()) ?? false)
                _withoutDaemon.Add(frame.Length);
        }
        if (IsVip(outer.Destination) && fromNode)
            _requestsOut.Add(frame.Length);
        if (IsVip(inner.Destination) && fromNode)
            _encapsulatedOut.Add(frame.Length);
    }

    private bool IsVip(ReadOnlySpan<byte> address) => IsAmong(_vips, address);

    private static bool IsAmong(byte[][] addresses, ReadOnlySpan<byte> address)
    {
        foreach (var one in addresses)
        {
            if (address.SequenceEqual(one))
                return true;
        }
        return false;
    }

    // One thread counts, another reads.
    private sealed class VolumeCounter
    {
        private long _frames, _bytes;

        public FrameVolume Now => new(Interlocked.Read(ref _frames), Interlocked.Read(ref _bytes));

        public void Add(int bytes)
        {
            Interlocked.Increment(ref _frames);
            Interlocked.Add(ref _bytes, bytes);
        }
    }
}
