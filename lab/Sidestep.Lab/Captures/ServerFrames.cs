using System.Net;

namespace Sidestep.Lab.Captures;

/// <summary>What came to a real server for a VIP, by a capture on its cable: packets of clients, and probes of the director.</summary>
/// <param name="OfClients">Frames.</param>
/// <param name="OfDirector">Frames.</param>
/// <param name="LastOfClient">When the last frame of a client came; null: none did.</param>
internal sealed record ServerFrames(long OfClients, long OfDirector, DateTimeOffset? LastOfClient)
{
    /// <summary>Reads, also of a capture that still goes on.</summary>
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
