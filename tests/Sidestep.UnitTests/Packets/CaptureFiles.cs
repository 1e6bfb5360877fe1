using System.Buffers;
using System.Buffers.Binary;
using Sidestep.Packets.Capture;

namespace Sidestep.UnitTests.Packets;

/// <summary>Capture files of every format, built independently of the decoder.</summary>
internal static class CaptureFiles
{
    /// <summary>A frame of 60 bytes or more whose contents depend on its number.</summary>
    public static byte[] Frame(int number) =>
        [.. Enumerable.Range(0, 60 + number % 7).Select(i => (byte)(i * number + number))];

    public static byte[] Pcap(int frames, bool swapped = false, bool nano = false, int link = 1)
    {
        var file = new Builder(swapped);
        file.UInt32(nano ? 0xa1b23c4d : 0xa1b2c3d4).UInt16(2).UInt16(4).UInt32(0).UInt32(0).UInt32(262_144).UInt32(
            (uint)link);
        for (var i = 1; i <= frames; i++)
        {
            var frame = Frame(i);
            file.UInt32((uint)(1000 + i)).UInt32((uint)i).UInt32((uint)frame.Length).UInt32(
                (uint)frame.Length + 10).Bytes(frame);
        }
        return file.ToArray();
    }

    /// <summary>A pcap file of the given frames.</summary>
    public static byte[] Pcap(uint secondsApart, byte[][] frames)
    {
        var file = new Builder(false);
        file.UInt32(0xa1b2c3d4).UInt16(2).UInt16(4).UInt32(0).UInt32(0).UInt32(262_144).UInt32(1);
        for (var i = 0; i < frames.Length; i++)
            file.UInt32(1_700_000_000 + (uint)i * secondsApart).UInt32(0).UInt32((uint)frames[i].Length).UInt32(
                (uint)frames[i].Length).Bytes(frames[i]);
        return file.ToArray();
    }

    public static byte[] Pcapng(int frames, bool swapped = false, byte? resolution = null, uint packet = 6)
    {
        var file = new Builder(swapped);
        file.UInt32(0x0a0d0d0a).UInt32(28).UInt32(0x1a2b3c4d).UInt16(1).UInt16(0).UInt32(uint.MaxValue).UInt32(
            uint.MaxValue).UInt32(28);
        // A block of an unknown type.
        file.UInt32(0x0bad).UInt32(16).UInt32(7).UInt32(16);
        var options = new Builder(swapped).UInt16(2).UInt16(4).Bytes("eth7"u8);
        if (resolution is { } r)
            options.UInt16(9).UInt16(1).Bytes([r, 0, 0, 0]);
        options.UInt16(0).UInt16(0);
        var described = options.ToArray();
        file.UInt32(1).UInt32((uint)(20 + described.Length)).UInt16(1).UInt16(0).UInt32(0).Bytes(described).UInt32(
            (uint)(20 + described.Length));
        for (var i = 1; i <= frames; i++)
        {
            var frame = Frame(i);
            var padded = frame.Length + 3 & ~3;
            var all = (uint)((packet == 3 ? 16 : 32) + padded);
            file.UInt32(packet).UInt32(all);
            if (packet == 6)
                file.UInt32(0).UInt32(0).UInt32((uint)(1000 + i)).UInt32((uint)frame.Length).UInt32(
                    (uint)frame.Length + 10);
            else if (packet == 2)
                file.UInt16(0).UInt16(0).UInt32(0).UInt32((uint)(1000 + i)).UInt32((uint)frame.Length).UInt32(
                    (uint)frame.Length + 10);
            else
                file.UInt32((uint)frame.Length);
            file.Bytes(frame).Bytes(new byte[padded - frame.Length]).UInt32(all);
        }
        return file.ToArray();
    }

    /// <summary>A pcapng file that the product's encoder writes.</summary>
    public static byte[] WrittenByProduct(int frames)
    {
        var output = new ArrayBufferWriter<byte>();
        Sidestep.Packets.Capture.Pcapng.WriteSection(output, "test");
        Sidestep.Packets.Capture.Pcapng.WriteInterface(output, "eth7", "", 65535);
        for (var i = 1; i <= frames; i++)
            Sidestep.Packets.Capture.Pcapng.WriteFrame(
                output, new PcapngFrame(0, 1_000_000_000L * i + i, Frame(i).Length + 10, false, i, 2, "a comment"),
                Frame(i));
        return output.WrittenSpan.ToArray();
    }

    private sealed class Builder(bool swapped)
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public Builder UInt32(uint value)
        {
            var to = _bytes.GetSpan(4);
            if (swapped)
                BinaryPrimitives.WriteUInt32BigEndian(to, value);
            else
                BinaryPrimitives.WriteUInt32LittleEndian(to, value);
            _bytes.Advance(4);
            return this;
        }

        public Builder UInt16(int value)
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
