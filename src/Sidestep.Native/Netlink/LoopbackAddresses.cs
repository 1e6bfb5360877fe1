using System.Buffers.Binary;
using System.Net;

namespace Sidestep.Native.Netlink;

/// <summary>Addresses that a host answers for without ever beginning with them: on the loopback device, without duplicate
/// address detection, and never chosen as the source of the host's own connections.</summary>
public static class LoopbackAddresses
{
    private const ushort NewAddress = 20;
    private const ushort AddressAttribute = 1, LocalAttribute = 2, CacheInfoAttribute = 6, FlagsAttribute = 8;
    private const uint NoDuplicateDetection = 0x02;

    /// <summary>Adds a single address.</summary>
    /// <remarks>IPv4 gets scope host. IPv6 has no such scope for it; there a preferred lifetime of 0 does the same: a
    /// deprecated address is not chosen while there is another (RFC 6724, rule 3), and serves as before (RFC 4862,
    /// section 5.5.4).</remarks>
    /// <param name="socket">Of the namespace.</param>
    /// <param name="interfaceIndex">The loopback device.</param>
    /// <param name="address">Gets the longest prefix.</param>
    /// <exception cref="NativeException">EEXIST: it is there. EACCES: IPv6 is off on the device.</exception>
    public static void Add(NetlinkSocket socket, int interfaceIndex, IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentNullException.ThrowIfNull(address);
        var bytes = address.GetAddressBytes();
        var four = bytes.Length == 4;
        Span<byte> message = [NetlinkFamily.Of(address.AddressFamily), (byte)(bytes.Length * 8), 0, (byte)(four ? AddressScope.Host : AddressScope.Universe), 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32LittleEndian(message[4..], interfaceIndex);
        var request = new NetlinkRequest($"add address {address}", NewAddress, NetlinkRequest.Create | NetlinkRequest.Exclusive, message)
            .With(LocalAttribute, bytes).With(AddressAttribute, bytes);
        if (!four)
        {
            // struct ifa_cacheinfo: preferred, valid (seconds, all ones is for ever), created, updated
            Span<byte> lifetimes = stackalloc byte[16];
            lifetimes.Clear();
            BinaryPrimitives.WriteUInt32LittleEndian(lifetimes[4..], uint.MaxValue);
            request.With(CacheInfoAttribute, lifetimes).With(FlagsAttribute, NoDuplicateDetection);
        }
        socket.Execute(request);
    }
}
