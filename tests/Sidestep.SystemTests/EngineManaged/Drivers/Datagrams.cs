using System.Buffers.Binary;
using System.Net;
using Sidestep.Packets;

namespace Sidestep.SystemTests.EngineManaged.Drivers;

/// <summary>UDP frames to the VIP.</summary>
internal static class Datagrams
{
    private const int FlowOffset = 14 + 20 + 8;

    /// <summary>One frame per flow, each of a different client.</summary>
    public static byte[][] To(MacAddress director, int flows) =>
        [.. Enumerable.Range(0, flows).Select(flow => To(director, flow, flows))];

    /// <summary>Number of the flow of a frame.</summary>
    public static int FlowOf(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadUInt16BigEndian(frame[FlowOffset..]);

    private static byte[] To(MacAddress director, int flow, int flows)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(flows, 20_000);
        var frame = new byte[FlowOffset + 18];
        director.Write(frame);
        frame[6] = 2;
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), 0x0800);
        var ip = frame.AsSpan(14);
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)ip.Length);
        (ip[8], ip[9]) = (64, 17);
        new IPAddress([198, 51, (byte)(flow >> 8), (byte)flow]).TryWriteBytes(ip[12..], out _);
        IPAddress.Parse(Segment.Vip).TryWriteBytes(ip[16..], out _);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], InternetChecksum.Compute(ip[..20]));
        BinaryPrimitives.WriteUInt16BigEndian(ip[20..], (ushort)(40_000 + flow));
        BinaryPrimitives.WriteUInt16BigEndian(ip[22..], EchoServer.Port);
        BinaryPrimitives.WriteUInt16BigEndian(ip[24..], (ushort)(ip.Length - 20));
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(FlowOffset), (ushort)flow);
        return frame;
    }
}
