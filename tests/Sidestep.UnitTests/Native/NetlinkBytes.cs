using System.Buffers.Binary;
using System.Text;
using Sidestep.Native.Netlink;

namespace Sidestep.UnitTests.Native;

/// <summary>Builds netlink messages byte by byte, from the kernel's layouts (linux/netlink.h, linux/rtnetlink.h), and
/// shares no code with the product.</summary>
internal static class NetlinkBytes
{
    public static byte[] U16(int value) => [(byte)value, (byte)(value >> 8)];

    public static byte[] U32(long value) => [(byte)value, (byte)(value >> 8), (byte)(value >> 16), (byte)(value >> 24)];

    public static byte[] U16BigEndian(int value) => [(byte)(value >> 8), (byte)value];

    public static byte[] Name(string text) => [.. Encoding.ASCII.GetBytes(text), 0];

    /// <summary>struct rtattr: length without padding, type, value, padding to 4 bytes.</summary>
    public static byte[] Attribute(int type, params byte[] value) =>
        [.. U16(4 + value.Length), .. U16(type), .. value, .. new byte[(4 - value.Length % 4) % 4]];

    /// <summary>struct nlmsghdr: length, type, flags, sequence, port; then the payload.</summary>
    public static byte[] Message(int type, int flags, uint sequence, params byte[] payload) =>
        [.. U32(16 + payload.Length), .. U16(type), .. U16(flags), .. U32(sequence), .. U32(0), .. payload];

    /// <summary>A received message, without its header.</summary>
    public static NetlinkMessage Received(int type, params byte[][] parts) =>
        new((ushort)type, 1, [.. parts.SelectMany(static p => p)]);

    /// <summary>The bytes of a request with the sequence number 7, as they are sent.</summary>
    public static byte[] Sent(NetlinkRequest request) => request.Finish(7, acknowledge: true).ToArray();

    /// <summary>The expected bytes of a request with the sequence number 7.</summary>
    /// <param name="type">RTM_*.</param>
    /// <param name="flags">NLM_F_* apart from NLM_F_REQUEST and NLM_F_ACK.</param>
    /// <param name="parts">Fixed part and attributes.</param>
    public static byte[] Expected(int type, int flags, params byte[][] parts)
    {
        const int RequestAndAcknowledge = 1 | 4;
        return Message(type, flags | RequestAndAcknowledge, 7, [.. parts.SelectMany(static p => p)]);
    }

    /// <summary>struct rtmsg: family, destination length, source length, tos, table, protocol, scope, type,
    /// flags.</summary>
    public static byte[] Route(
        byte family, byte length, byte table, byte protocol, byte scope, byte type, uint flags = 0) =>
        [family, length, 0, 0, table, protocol, scope, type, .. U32(flags)];

    public static int ReadU16(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));
}
