using System.Net;
using System.Net.Sockets;
using Sidestep.Native.Netlink;
using static Sidestep.UnitTests.Native.NetlinkBytes;

namespace Sidestep.UnitTests.Native;

/// <summary>RTM_NEWADDR and RTM_DELADDR: struct ifaddrmsg is family, prefix length, flags, scope and
/// interface.</summary>
public sealed class AddressMessageTests
{
    private const int NewAddress = 20, DeleteAddress = 21, Create = 0x400, Exclusive = 0x200;
    private const int AddressAttribute = 1, LocalAttribute = 2, LabelAttribute = 3, CacheInfo = 6, FlagsAttribute = 8;
    private static readonly byte[] Bytes4 = [192, 0, 2, 1];
    private static readonly byte[] Bytes6 = IPAddress.Parse("2001:db8::1").GetAddressBytes();

    [Fact]
    public void Adding_an_address_names_family_prefix_scope_and_interface()
    {
        var address = new InterfaceAddress(0x0102, new IPAddress(Bytes4), 24, AddressScope.Link);
        Assert.Equal(
            Expected(NewAddress, Create | Exclusive, [2, 24, 0, 253], U32(0x0102),
                Attribute(LocalAttribute, Bytes4), Attribute(AddressAttribute, Bytes4)),
            Sent(InterfaceAddresses.Request(address, "add", NewAddress, Create | Exclusive)));
    }

    [Fact]
    public void Removing_an_IPv6_address_uses_the_kernel_number_of_the_family()
    {
        var address = new InterfaceAddress(3, new IPAddress(Bytes6), 64, AddressScope.Universe);
        var request = InterfaceAddresses.Request(address, "remove", DeleteAddress, 0);
        Assert.Equal(
            Expected(DeleteAddress, 0, [10, 64, 0, 0], U32(3),
                Attribute(LocalAttribute, Bytes6), Attribute(AddressAttribute, Bytes6)),
            Sent(request));
        Assert.Equal("remove address 2001:db8::1/64", request.Purpose);
    }

    [Fact]
    public void IPv4_address_of_the_loopback_device_has_scope_host() => Assert.Equal(
        Expected(NewAddress, Create | Exclusive, [2, 32, 0, 254], U32(1),
            Attribute(LocalAttribute, Bytes4), Attribute(AddressAttribute, Bytes4)),
        Sent(LoopbackAddresses.Request(1, new IPAddress(Bytes4))));

    /// <summary>RFC 4862 section 5.5.4: a preferred lifetime of 0 makes it deprecated; all ones is infinite.</summary>
    [Fact]
    public void IPv6_address_of_the_loopback_device_is_deprecated_and_never_expires()
    {
        const int NoDuplicateDetection = 2;
        byte[] cache = [.. U32(0), .. U32(0xffffffff), .. U32(0), .. U32(0)];
        Assert.Equal(
            Expected(NewAddress, Create | Exclusive, [10, 128, 0, 0], U32(1),
                Attribute(LocalAttribute, Bytes6), Attribute(AddressAttribute, Bytes6),
                Attribute(CacheInfo, cache), Attribute(FlagsAttribute, U32(NoDuplicateDetection))),
            Sent(LoopbackAddresses.Request(1, new IPAddress(Bytes6))));
    }

    [Fact]
    public void Address_of_another_family_cannot_be_sent() => Assert.Throws<ArgumentOutOfRangeException>(
        static () => NetlinkFamily.Of(AddressFamily.Unix));

    [Fact]
    public void Local_address_is_preferred_to_that_of_the_peer()
    {
        var found = Assert.Single(Parse(Received(NewAddress, [2, 30, 0x80, 0], U32(7),
            Attribute(AddressAttribute, 10, 0, 0, 2), Attribute(LocalAttribute, 10, 0, 0, 1),
                Attribute(LabelAttribute, Name("p0")))));
        Assert.Equal(
            (7, IPAddress.Parse("10.0.0.1"), 30, AddressScope.Universe),
            (found.InterfaceIndex, found.Address, found.PrefixLength, found.Scope));
        Assert.True(found.IsPermanent && found.IsUsable && !found.IsSecondary);
    }

    [Fact]
    public void Address_without_a_local_one_is_the_address_itself() => Assert.Equal(
        IPAddress.Parse("10.0.0.2"),
        Assert.Single(Parse(
            Received(NewAddress, [2, 24, 0, 0], U32(7), Attribute(AddressAttribute, 10, 0, 0, 2)))).Address);

    [Theory]
    [InlineData(0x00, false, true, false)]
    [InlineData(0x01, true, true, false)] // IFA_F_SECONDARY
    [InlineData(0x04, false, false, false)] // IFA_F_OPTIMISTIC
    [InlineData(0x08, false, false, false)] // IFA_F_DADFAILED
    [InlineData(0x20, false, false, false)] // IFA_F_DEPRECATED
    [InlineData(0x40, false, false, false)] // IFA_F_TENTATIVE
    [InlineData(0x80, false, true, true)] // IFA_F_PERMANENT
    [InlineData(0x10, false, true, false)] // IFA_F_HOMEADDRESS changes nothing
    public void Flags_of_an_address_are_decoded(byte flags, bool isSecondary, bool isUsable, bool isPermanent)
    {
        var found = Assert.Single(Parse(
            Received(NewAddress, [2, 24, flags, 0], U32(7), Attribute(LocalAttribute, 10, 0, 0, 2))));
        Assert.Equal((isSecondary, isUsable, isPermanent), (found.IsSecondary, found.IsUsable, found.IsPermanent));
    }

    [Fact]
    public void Flags_attribute_overrides_the_byte_of_the_fixed_part()
    {
        var found = Assert.Single(Parse(Received(NewAddress, [2, 24, 0x40, 0], U32(7),
            Attribute(LocalAttribute, 10, 0, 0, 2), Attribute(FlagsAttribute, U32(0x280)))));
        Assert.True(found.IsUsable && found.IsPermanent);
    }

    [Fact]
    public void Other_families_other_messages_and_messages_without_an_address_are_skipped() => Assert.Empty(Parse(
        Received(NewAddress, [10, 64, 0, 0], U32(7), Attribute(AddressAttribute, Bytes6)),
        Received(DeleteAddress, [2, 24, 0, 0], U32(7), Attribute(LocalAttribute, 10, 0, 0, 2)),
        Received(NewAddress, [2, 24, 0, 0], U32(7), Attribute(LabelAttribute, Name("eth0")))));

    private static List<InterfaceAddress> Parse(params NetlinkMessage[] messages) =>
        InterfaceAddresses.Parse(AddressFamily.InterNetwork, messages);
}
