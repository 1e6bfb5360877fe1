using System.Buffers;
using System.Buffers.Binary;
using Sidestep.Packets.Capture;

namespace Sidestep.UnitTests.Packets;

/// <summary>Capture files of every kind, made here and not by what reads them.</summary>
internal static class CaptureFiles
{
    /// <summary>Frames of 60 bytes and more that tell their number.</summary>
    public static byte[] Frame(int number) => [.. Enumerable.Range(0, 60 + number % 7).Select(i => (byte)(i * number + number))];

    public static byte[] Pcap(int frames, bool swapped = false, bool nano = false, int link = 1)
    {
        var file = new Builder(swapped);
        file.Word(nano ? 0xa1b23c4d : 0xa1b2c3d4).Half(2).Half(4).Word(0).Word(0).Word(262_144).Word((uint)link);
        for (var i = 1; i <= frames; i++)
        {
            var frame = Frame(i);
            file.Word((uint)(1000 + i)).Word((uint)i).Word((uint)frame.Length).Word((uint)frame.Length + 10).Bytes(frame);
        }
        return file.ToArray();
    }

    /// <summary>These frames, so many seconds apart.</summary>
    public static byte[] Pcap(uint secondsApart, byte[][] frames)
    {
        var file = new Builder(false);
        file.Word(0xa1b2c3d4).Half(2).Half(4).Word(0).Word(0).Word(262_144).Word(1);
        for (var i = 0; i < frames.Length; i++)
            file.Word(1_700_000_000 + (uint)i * secondsApart).Word(0).Word((uint)frames[i].Length).Word((uint)frames[i].Length).Bytes(frames[i]);
        return file.ToArray();
    }

    public static byte[] Pcapng(int frames, bool swapped = false, byte? resolution = null, uint packet = 6)
    {
        var file = new Builder(swapped);
        file.Word(0x0a0d0d0a).Word(28).Word(0x1a2b3c4d).Half(1).Half(0).Word(uint.MaxValue).Word(uint.MaxValue).Word(28);
        // A block that nobody knows.
        file.Word(0x0bad).Word(16).Word(7).Word(16);
        var options = new Builder(swapped).Half(2).Half(4).Bytes("eth7"u8);
        if (resolution is { } r)
            options.Half(9).Half(1).Bytes([r, 0, 0, 0]);
        options.Half(0).Half(0);
        var described = options.ToArray();
        file.Word(1).Word((uint)(20 + described.Length)).Half(1).Half(0).Word(0).Bytes(described).Word((uint)(20 + described.Length));
        for (var i = 1; i <= frames; i++)
        {
            var frame = Frame(i);
            var padded = frame.Length + 3 & ~3;
            var all = (uint)((packet == 3 ? 16 : 32) + padded);
            file.Word(packet).Word(all);
            if (packet == 6)
                file.Word(0).Word(0).Word((uint)(1000 + i)).Word((uint)frame.Length).Word((uint)frame.Length + 10);
            else if (packet == 2)
                file.Half(0).Half(0).Word(0).Word((uint)(1000 + i)).Word((uint)frame.Length).Word((uint)frame.Length + 10);
            else
                file.Word((uint)frame.Length);
            file.Bytes(frame).Bytes(new byte[padded - frame.Length]).Word(all);
        }
        return file.ToArray();
    }

    /// <summary>As the product writes it.</summary>
    public static byte[] Written(int frames)
    {
        var output = new ArrayBufferWriter<byte>();
        Sidestep.Packets.Capture.Pcapng.WriteSection(output, "test");
        Sidestep.Packets.Capture.Pcapng.WriteInterface(output, "eth7", "", 65535);
        for (var i = 1; i <= frames; i++)
            Sidestep.Packets.Capture.Pcapng.WriteFrame(output, new PcapngFrame(0, 1_000_000_000L * i + i, Frame(i).Length + 10, false, i, 2, "a comment"), Frame(i));
        return output.WrittenSpan.ToArray();
    }

    private sealed class Builder(bool swapped)
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public Builder Word(uint value)
        {
            var to = _bytes.GetSpan(4);
            if (swapped)
                BinaryPrimitives.WriteUInt32BigEndian(to, value);
            else
                BinaryPrimitives.WriteUInt32LittleEndian(to, value);
            _bytes.Advance(4);
            return this;
        }

        public Builder Half(int value)
        {
            var to = _bytes.GetSpan(2);
            if (swapped)
                BinaryPrimitives.WriteUInt16BigEndian(to, (ushort)value);
            else
                BinaryPrimitives.WriteUInt16LittleEndian(to, (ushort)value);
            _bytes.Advance(2);
            return this;
        }

        public Builder Bytes(ReadOnlySpan<byte> bytes)
        {
            _bytes.Write(bytes);
            return this;
        }

        public byte[] ToArray() => _bytes.WrittenSpan.ToArray();
    }
}
