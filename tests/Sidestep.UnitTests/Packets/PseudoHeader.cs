using Sidestep.Packets;

namespace Sidestep.UnitTests.Packets;

/// <summary>The bytes that a transport checksum covers besides the segment (RFC 768; RFC 9293 section 3.1).</summary>
internal static class PseudoHeader
{
    public static byte[] Of(Ipv4Address source, Ipv4Address destination, byte protocol, int length) =>
    [
        .. source.ToIPAddress().GetAddressBytes(), .. destination.ToIPAddress().GetAddressBytes(),
        0, protocol, (byte)(length >> 8), (byte)length,
    ];
}
