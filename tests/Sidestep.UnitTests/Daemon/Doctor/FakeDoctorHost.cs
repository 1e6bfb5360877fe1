using System.Net;
using System.Net.NetworkInformation;
using Sidestep.Daemon.Doctor;
using Sidestep.Daemon.Frames;
using Sidestep.Daemon.NextHops;
using Sidestep.Model;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon.Doctor;

/// <summary>A machine whose next hops answer, and whose servers answer every probe as they should.</summary>
internal sealed class FakeDoctorHost : IDoctorHost
{
    public FakeDoctorHost()
    {
        Neighbours.Replies = static sent => sent[13] == 6 && MacOf(sent[38..42]) is { } mac
            ? [[.. sent[6..12], .. mac, 8, 6, 0, 1, 8, 0, 6, 4, 0, 2, .. mac, .. sent[38..42], .. sent[22..32]]] : null;
        Ip.Replies = Answer;
    }

    public ManualTime Clock { get; } = new();

    public TimeProvider Time => Clock;

    public FakeNetwork Network { get; } = new FakeNetwork().Link(2, "eth0").Address(2, "10.0.0.2")
        .Address(2, "2001:db8::2")
        .Route("10.0.0.11", 2).Route("10.0.0.12", 2).Route("10.1.0.11", 2, gateway: "10.0.0.1");

    public FakeFrames Neighbours { get; } = FakeFrames.Open();

    public FakeFrames Ip { get; } = FakeFrames.Open();

    /// <summary>The machine's addresses; null: the kernel does not list them.</summary>
    public HostInfo? Info { get; set; } = new([]);

    /// <summary>Why the kernel drops replies; null: it accepts them.</summary>
    public string? ReplyFilter { get; set; }

    public string? FindReplyFilter(IPAddress source, IReadOnlyCollection<string> interfaces) => ReplyFilter;

    public IHostNetwork OpenNetwork() => Network;

    public IFrameChannel OpenNeighbourFrames() => Neighbours;

    public IFrameChannel OpenIpFrames() => Ip;

    public HostInfo ReadHostInfo() => Info ?? throw new NetworkInformationException(1);

    private static byte[]? MacOf(byte[] address) => address[3] switch
    {
        11 => FrameBytes.Hex("020000000011"),
        12 => FrameBytes.Hex("020000000012"),
        1 => FrameBytes.Hex("020000000001"),
        _ => null,
    };

    /// <summary>Removes an outer header of GUE, and answers SYN with SYN-ACK, datagrams with datagrams, echo with
    /// echo.</summary>
    private static IEnumerable<byte[]>? Answer(byte[] sent)
    {
        var packet = FrameBytes.Packet(sent);
        if (packet[0] == 0x45 && packet[9] == 17 && packet[22] == 6081 >> 8 && packet[23] == (6081 & 0xff))
            packet = packet[32..];
        var isIpv6 = packet[0] >> 4 == 6;
        var (addresses, header) = isIpv6 ? (8, 40) : (12, 20);
        var length = isIpv6 ? 16 : 4;
        byte[] reply = [.. packet];
        packet.AsSpan(addresses, length).CopyTo(reply.AsSpan(addresses + length));
        packet.AsSpan(addresses + length, length).CopyTo(reply.AsSpan(addresses));
        switch (packet[isIpv6 ? 6 : 9])
        {
            case 6 when packet[header + 13] == 2:
                reply[header + 13] = 0x12;
                break;
            case 6:
                return null;
            case 1:
                reply[header] = 0;
                return [FrameBytes.Frame(reply)];
            case 58:
                reply[header] = 129;
                return [FrameBytes.Frame(reply)];
        }
        packet.AsSpan(header, 2).CopyTo(reply.AsSpan(header + 2));
        packet.AsSpan(header + 2, 2).CopyTo(reply.AsSpan(header));
        return [FrameBytes.Frame(reply)];
    }
}
