using System.Buffers.Binary;
using System.Net;

namespace Sidestep.Native.Netlink;

/// <summary>IPv4 addresses of the interfaces of a network namespace.</summary>
public static class InterfaceAddresses
{
    private const ushort NewAddress = 20, DeleteAddress = 21, GetAddress = 22;
    private const byte InterNetwork = 2;
    private const int AddressMessageBytes = 8;
    private const byte SecondaryFlag = 1;
    private const ushort AddressAttribute = 1, LocalAttribute = 2;

    /// <summary>Every IPv4 address.</summary>
    public static IReadOnlyList<InterfaceAddress> List(NetlinkSocket socket)
    {
        var addresses = new List<InterfaceAddress>();
        var request = new NetlinkRequest("list addresses", GetAddress, NetlinkRequest.Dump, [InterNetwork, 0, 0, 0, 0, 0, 0, 0]);
        foreach (var answer in socket.Ask(request))
        {
            // IFA_LOCAL is the interface's own address; IFA_ADDRESS is the peer's on a point-to-point link.
            var address = answer.Attribute(AddressMessageBytes, LocalAttribute);
            if (address.IsEmpty)
                address = answer.Attribute(AddressMessageBytes, AddressAttribute);
            if (answer.Type == NewAddress && answer.Payload[0] == InterNetwork && address.Length == 4)
                addresses.Add(new InterfaceAddress(BinaryPrimitives.ReadInt32LittleEndian(answer.Payload.AsSpan(4)),
                    new IPAddress(address.Span), answer.Payload[1], (AddressScope)answer.Payload[3])
                { IsSecondary = (answer.Payload[2] & SecondaryFlag) != 0 });
        }
        return addresses;
    }

    /// <summary>Adds an address; fails if the interface has it with the same prefix.</summary>
    public static void Add(NetlinkSocket socket, InterfaceAddress address) => Change(socket, address, "add",
        NewAddress, NetlinkRequest.Create | NetlinkRequest.Exclusive);

    /// <summary>Removes an address.</summary>
    public static void Remove(NetlinkSocket socket, InterfaceAddress address) => Change(socket, address, "remove", DeleteAddress, 0);

    private static void Change(NetlinkSocket socket, InterfaceAddress address, string verb, ushort type, ushort flags)
    {
        Span<byte> message = [InterNetwork, (byte)address.PrefixLength, 0, (byte)address.Scope, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32LittleEndian(message[4..], address.InterfaceIndex);
        var bytes = address.Address.GetAddressBytes();
        socket.Ask(new NetlinkRequest($"{verb} address {address.Address}/{address.PrefixLength}", type, flags, message)
            .With(LocalAttribute, bytes).With(AddressAttribute, bytes));
    }
}

/// <summary>An IPv4 address of an interface.</summary>
/// <param name="InterfaceIndex">The kernel's index.</param>
/// <param name="Address">The interface's own address.</param>
/// <param name="PrefixLength">0 to 32.</param>
/// <param name="Scope">How far it is valid.</param>
public sealed record InterfaceAddress(int InterfaceIndex, IPAddress Address, int PrefixLength, AddressScope Scope)
{
    /// <summary>Another address of the same network comes first (IFA_F_SECONDARY).</summary>
    public bool IsSecondary { get; init; }
}

/// <summary>How far an address is valid (rtnetlink(7), RT_SCOPE_*): a larger number is nearer.</summary>
public enum AddressScope
{
    /// <summary>Everywhere; <c>ip</c> calls it global.</summary>
    Universe = 0,

    /// <summary>Within the site.</summary>
    Site = 200,

    /// <summary>On the link.</summary>
    Link = 253,

    /// <summary>On this host: never chosen as the source of packets that leave it.</summary>
    Host = 254,

    /// <summary>Destination does not exist.</summary>
    Nowhere = 255,
}
