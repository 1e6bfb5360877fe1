using System.Net;

namespace Sidestep.Lab.Captures;

/// <summary>Frames to a real server for a VIP, from a capture on its cable: of clients, and probes of the
/// director.</summary>
/// <param name="OfClients">Number of frames from clients.</param>
/// <param name="OfDirector">Number of frames with the director's probes.</param>
/// <param name="LastOfClient">Time of the last frame of a client; null: none arrived.</param>
internal sealed record ServerFrames(long OfClients, long OfDirector, DateTimeOffset? LastOfClient)
{
    /// <summary>Counts the frames in a file; the capture may still run.</summary>
    public static ServerFrames OfFile(string path, IPAddress vip, IPAddress director)
    {
        long clients = 0, probes = 0;
        DateTimeOffset? last = null;
        byte[] to = vip.GetAddressBytes(), from = director.GetAddressBytes();
        using var reader = new PcapReader(File.Open(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        while (reader.TryRead(out var frame))
        {
            var outer = EthernetView.Read(frame.Bytes).Packet;
            if (!outer.IsWhole)
                continue;
            var inner = outer.Inner();
            var packet = inner.IsWhole ? inner : outer;
            if (!packet.Destination.SequenceEqual(to))
                continue;
            if (packet.Source.SequenceEqual(from))
            {
                probes++;
                continue;
            }
            clients++;
            last = frame.Time;
        }
        return new ServerFrames(clients, probes, last);
    }
}
