using System.Net;
using Sidestep.Model;

namespace Sidestep.UnitTests.Model;

public sealed class HostInfoTests
{
    [Fact]
    public void This_machine_has_a_loopback_interface_with_its_address()
    {
        var loopback = HostInfo.OfThisMachine().Find("lo");

        Assert.NotNull(loopback);
        Assert.Contains(new HostAddress(IPAddress.Loopback, 8), loopback.Addresses);
    }

    [Theory]
    [InlineData("192.0.2.1", 24, "192.0.2.255", true)]
    [InlineData("192.0.2.1", 24, "192.0.3.1", false)]
    [InlineData("192.0.2.1", 32, "192.0.2.1", true)]
    [InlineData("192.0.2.1", 32, "192.0.2.2", false)]
    [InlineData("192.0.2.130", 25, "192.0.2.127", false)]
    [InlineData("192.0.2.1", 0, "10.0.0.1", true)]
    [InlineData("2001:db8::1", 64, "2001:db8::2", true)]
    [InlineData("fe80::1%3", 64, "fe80::2", true)]
    [InlineData("2001:db8::1", 64, "192.0.2.1", false)]
    public void Address_is_on_link_when_it_is_inside_the_network(string own, int prefixLength, string other,
        bool isOnLink) =>
        Assert.Equal(isOnLink, new HostAddress(IPAddress.Parse(own), prefixLength).IsOnLink(IPAddress.Parse(other)));

    [Fact]
    public void Host_checks_are_skipped_without_a_host()
    {
        string yaml = TestDocument.Valid
            .Replace("203.0.113.10", "203.0.113.99", StringComparison.Ordinal)
            .Replace("10.0.0.12", "10.0.1.12", StringComparison.Ordinal);

        Assert.Equal(2, TestDocument.Read(yaml).Errors.Length);
        Assert.Empty(ConfigurationReader.Read(yaml, null).Errors);
    }

    [Fact]
    public void Only_the_missing_interface_is_reported_for_a_file_of_another_machine()
    {
        string yaml = TestDocument.Valid
            .Replace("name: eth0", "name: ens3", StringComparison.Ordinal)
            .Replace("203.0.113.10", "203.0.113.99", StringComparison.Ordinal)
            .Replace("10.0.0.12", "10.0.1.12", StringComparison.Ordinal);

        var result = TestDocument.Read(yaml);

        Assert.Empty(result.Errors);
        Assert.Equal("node.interfaces[0].name", Assert.Single(result.Warnings).Path);
    }

    [Fact]
    public void Misspelled_interface_does_not_hide_a_local_VIP_when_another_interface_exists()
    {
        string yaml = TestDocument.Valid
            .Replace("    - name: eth0\n", "    - name: eth0\n    - name: eht1\n", StringComparison.Ordinal)
            .Replace("driver: native\n", "\n", StringComparison.Ordinal)
            .Replace("203.0.113.10", "203.0.113.99", StringComparison.Ordinal)
            .Replace("10.0.0.12", "10.0.1.12", StringComparison.Ordinal);

        var result = TestDocument.Read(yaml);

        Assert.Equal("virtualServices[0].vip", Assert.Single(result.Errors).Path);
        Assert.Single(result.Warnings);
    }

    [Fact]
    public void Layer_3_servers_may_be_in_any_network()
    {
        string yaml = TestDocument.Valid
            .Replace("dsrType: l2", "dsrType: l3", StringComparison.Ordinal)
            .Replace("10.0.0.12", "198.51.100.12", StringComparison.Ordinal);

        Assert.Empty(TestDocument.Read(yaml).Errors);
    }

    [Fact]
    public void Own_address_among_the_peers_is_no_other_director()
    {
        string yaml = TestDocument.Valid
            .Replace("4d6f\" }", "4d6f\", peers: [10.0.0.1] }", StringComparison.Ordinal)
            .Replace("algorithm: consistent-hash", "algorithm: round-robin", StringComparison.Ordinal);

        Assert.Empty(TestDocument.Read(yaml).Warnings);
        Assert.Equal("pools[0].algorithm", Assert.Single(ConfigurationReader.Read(yaml, null).Warnings).Path);
    }
}
