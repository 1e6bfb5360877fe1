using System.Net;
using Sidestep.Model;
using Sidestep.Model.Documents;
using Sidestep.Model.Schema;

namespace Sidestep.UnitTests.Model;

/// <summary>The kinds of single values: what each accepts, and the messages about what it rejects.</summary>
public sealed class ScalarKindTests
{
    [Theory]
    [InlineData("1", 1)]
    [InlineData("10", 10)]
    [InlineData("0", null, "out of range. Write a whole number from 1 to 10")]
    [InlineData("11", null, "out of range. Write a whole number from 1 to 10")]
    [InlineData("-1", null, "out of range. Write a whole number from 1 to 10")]
    [InlineData("99999999999", null, "out of range. Write a whole number from 1 to 10")]
    [InlineData("1.0", null, "not a whole number in decimal digits. Write a whole number from 1 to 10")]
    [InlineData("0x1", null, "not a whole number in decimal digits. Write a whole number from 1 to 10")]
    [InlineData("--1", null, "not a whole number in decimal digits. Write a whole number from 1 to 10")]
    [InlineData("-", null, "not a whole number in decimal digits. Write a whole number from 1 to 10")]
    [InlineData("01", null, "begins with a zero, which some readers of YAML take for octal. Remove the leading zero")]
    [InlineData("'1'", null, "text, because it is in quotes. Remove the quotes")]
    public void Integer_is_decimal_and_in_its_range(string text, int? value, string? error = null) =>
        AssertScalar(new IntegerKind(1, 10), text, value, error);

    [Theory]
    [InlineData("1021", 1021)]
    [InlineData("1022", null, "not a possible size. Write one of 1021, 4093")]
    [InlineData("5000", null, "out of range. Write one of 1021, 4093")]
    public void Integer_may_be_one_of_a_few(string text, int? value, string? error = null) =>
        AssertScalar(new IntegerKind([1021, 4093]), text, value, error);

    [Theory]
    [InlineData("0.1", 100)]
    [InlineData("2", 2000)]
    [InlineData("1.255", 1255)]
    [InlineData("3600", 3_600_000)]
    [InlineData("0.099", null, "out of range. Write seconds from 0.1 to 3600, such as 2 or 0.5")]
    [InlineData("3600.001", null, "out of range. Write seconds from 0.1 to 3600, such as 2 or 0.5")]
    [InlineData("1.2555", null, "finer than a millisecond. Write seconds from 0.1 to 3600, such as 2 or 0.5")]
    [InlineData("1.", null,
        "not a number of seconds in decimal digits. Write seconds from 0.1 to 3600, such as 2 or 0.5")]
    [InlineData(".5", null,
        "not a number of seconds in decimal digits. Write seconds from 0.1 to 3600, such as 2 or 0.5")]
    [InlineData("1e3", null,
        "not a number of seconds in decimal digits. Write seconds from 0.1 to 3600, such as 2 or 0.5")]
    [InlineData("1.2.3", null,
        "not a number of seconds in decimal digits. Write seconds from 0.1 to 3600, such as 2 or 0.5")]
    [InlineData("01", null, "begins with a zero, which some readers of YAML take for octal. Remove the leading zero")]
    [InlineData("'2'", null, "text, because it is in quotes. Remove the quotes")]
    public void Seconds_have_up_to_three_decimals(string text, int? milliseconds, string? error = null) =>
        AssertScalar(new SecondsKind(0.1, 3600), text,
            milliseconds is { } m ? TimeSpan.FromMilliseconds(m) : (TimeSpan?)null, error);

    [Theory]
    [InlineData("all", 0)]
    [InlineData("1", 1)]
    [InlineData("8", 8)]
    [InlineData("0", null, "out of range. Write all, or a whole number from 1 to 8")]
    [InlineData("9", null, "out of range. Write all, or a whole number from 1 to 8")]
    [InlineData("99999999999", null, "out of range. Write all, or a whole number from 1 to 8")]
    [InlineData("02", null, "neither all nor a number of monitors. Write all, or a whole number from 1 to 8")]
    [InlineData("any", null, "neither all nor a number of monitors. Write all, or a whole number from 1 to 8")]
    [InlineData("'2'", null, "text, because it is in quotes. Remove the quotes")]
    public void MinHealthyMonitors_is_all_or_a_number(string text, int? count, string? error = null) =>
        AssertScalar(new MinHealthyMonitorsKind(), text,
            count is { } c ? new MinHealthyMonitors(c) : (MinHealthyMonitors?)null, error);

    [Theory]
    [InlineData(0, 3, 3)]
    [InlineData(1, 3, 1)]
    [InlineData(3, 3, 3)]
    [InlineData(5, 3, 3)]
    public void MinHealthyMonitors_never_needs_more_than_there_are(int count, int monitors, int needed) =>
        Assert.Equal(needed, new MinHealthyMonitors(count).Of(monitors));

    [Theory]
    [InlineData("any", 0, 65535)]
    [InlineData("80", 80, 80)]
    [InlineData("1-65535", 1, 65535)]
    [InlineData("80-80", 80, 80)]
    public void Port_range_has_both_ends(string text, int first, int last) =>
        AssertScalar(new PortRangeKind(), text, new PortRange((ushort)first, (ushort)last), null);

    [Theory]
    [InlineData("0", "out of range. Write a port from 1 to 65535, a range such as 8000-8099, or any")]
    [InlineData("80-65536", "out of range. Write a port from 1 to 65535, a range such as 8000-8099, or any")]
    [InlineData("81-80", "the range is reversed. Write 80-81")]
    [InlineData("080",
        "neither a port nor a range of ports. Write a port from 1 to 65535, a range such as 8000-8099, or any")]
    [InlineData("80-",
        "neither a port nor a range of ports. Write a port from 1 to 65535, a range such as 8000-8099, or any")]
    [InlineData("http",
        "neither a port nor a range of ports. Write a port from 1 to 65535, a range such as 8000-8099, or any")]
    public void Port_range_that_is_none_is_rejected(string text, string error) =>
        AssertScalar(new PortRangeKind(), text, (PortRange?)null, error);

    [Theory]
    [InlineData("200", 200, 200)]
    [InlineData("200-399", 200, 399)]
    [InlineData("100-599", 100, 599)]
    public void Status_codes_are_three_digits(string text, int first, int last) =>
        AssertScalar(new StatusCodesKind(), text, new PortRange((ushort)first, (ushort)last), null);

    [Theory]
    [InlineData("99")]
    [InlineData("600")]
    [InlineData("2xx")]
    [InlineData("200-300-400")]
    public void Status_code_that_is_none_is_rejected(string text) =>
        AssertScalar(new StatusCodesKind(), text, (PortRange?)null,
        "not a status code. Write a status code from 100 to 599, or a range such as 200-399");

    [Fact]
    public void Reversed_status_codes_are_rejected() => AssertScalar(new StatusCodesKind(), "399-200", (PortRange?)null,
        "ends before it begins. Write a status code from 100 to 599, or a range such as 200-399");

    [Theory]
    [InlineData("10.0.0.1", null)]
    [InlineData("2001:DB8::1", null)]
    [InlineData("::ffff:10.0.0.1", "an IPv4 address in IPv6 form, which cannot be a VIP")]
    [InlineData("0.0.0.0", "the unspecified address, which cannot be a VIP")]
    [InlineData("0.1.2.3", "an address of 0.0.0.0/8, which cannot be a VIP")]
    [InlineData("127.0.0.1", "a loopback address, which cannot be a VIP")]
    [InlineData("255.255.255.255", "the broadcast address, which cannot be a VIP")]
    [InlineData("239.1.1.1", "a multicast address, which cannot be a VIP")]
    [InlineData("::", "the unspecified address, which cannot be a VIP")]
    [InlineData("::1", "a loopback address, which cannot be a VIP")]
    [InlineData("ff02::1", "a multicast address, which cannot be a VIP")]
    [InlineData("fe80::1", "a link-local address, which cannot be a VIP")]
    [InlineData("febf::1", "a link-local address, which cannot be a VIP")]
    [InlineData("10.1", "not an IPv4 address of four decimal numbers from 0 to 255")]
    [InlineData("10.0.0.010", "not an IPv4 address of four decimal numbers from 0 to 255")]
    [InlineData("10.0.0.256", "not an IPv4 address of four decimal numbers from 0 to 255")]
    [InlineData("10.0.0.1.", "not an IPv4 address of four decimal numbers from 0 to 255")]
    [InlineData("fe80::1%eth0", "an address with a zone")]
    [InlineData("[::1]", "not an IPv6 address")]
    [InlineData("1:2:3", "not an IPv6 address")]
    [InlineData("10.0.0.1:80", "not an address; ports belong to the service, and servers listen on the same ones")]
    public void Address_is_strict(string text, string? reason) => AssertScalar(new AddressKind("a VIP"), text,
        reason is null ? IPAddress.Parse(text) : null,
        reason is null ? null : $"{reason}. Write an address such as 192.0.2.10 or 2001:db8::10");

    [Fact]
    public void Address_with_a_prefix_length_says_what_to_write() =>
        AssertScalar(new AddressKind("a VIP"), "10.0.0.1/24", (IPAddress?)null,
        "an address with a prefix length. Write the address alone: 10.0.0.1");

    [Theory]
    [InlineData("198.51.100.0/24", "198.51.100.0/24", null)]
    [InlineData("198.51.100.7", "198.51.100.7/32", null)]
    [InlineData("2001:db8::/32", "2001:db8::/32", null)]
    [InlineData("0.0.0.0/0", "0.0.0.0/0", null)]
    [InlineData("198.51.100.7/24", null,
        "has bits set after the first 24. Write 198.51.100.0/24, or the address alone")]
    [InlineData("198.51.100.0/33", null,
        "the prefix length is not a number from 0 to 32. Write an address or a prefix such as 192.0.2.10, "
        + "198.51.100.0/24 or 2001:db8::/64")]
    [InlineData("198.51.100.0/024", null,
        "the prefix length is not a number from 0 to 32. Write an address or a prefix such as 192.0.2.10, "
        + "198.51.100.0/24 or 2001:db8::/64")]
    [InlineData("127.0.0.0/8", null,
        "a loopback address, which cannot be a VIP. Write an address or a prefix such as 192.0.2.10, 198.51.100.0/24 "
        + "or 2001:db8::/64")]
    public void Prefix_has_no_host_bits(string text, string? prefix, string? error) =>
        AssertScalar(new PrefixKind("a VIP"), text,
        prefix is null ? (IPNetwork?)null : IPNetwork.Parse(prefix), error);

    [Theory]
    [InlineData("198.18.0.0/24", null)]
    [InlineData("2001:db8::/120", null)]
    [InlineData("198.18.0.0/25", "has fewer than 256 addresses. Write a prefix of at most 24 bits")]
    [InlineData("198.18.0.1", "has fewer than 256 addresses. Write a prefix of at most 24 bits")]
    [InlineData("2001:db8::/121", "has fewer than 256 addresses. Write a prefix of at most 120 bits")]
    [InlineData("198.18.0.1/15", "has bits set after the first 15. Write 198.18.0.0/15")]
    public void Prefix_may_need_a_number_of_addresses(string text, string? error) =>
        AssertScalar(new PrefixKind(null, 8), text,
        error is null ? IPNetwork.Parse(text) : (IPNetwork?)null, error);

    [Theory]
    [InlineData("10.0.0.2:7443", "10.0.0.2:7443", null)]
    [InlineData("'[2001:db8::2]:7443'", "[2001:db8::2]:7443", null)]
    [InlineData("10.0.0.2", null, "there is no port")]
    [InlineData("2001:db8::2", null, "there is no port")]
    [InlineData(":7443", null, "there is no port")]
    [InlineData("'[10.0.0.2]:7443'", null, "not an address before the port; IPv6 is in brackets")]
    [InlineData("director:7443", null, "not an address before the port; IPv6 is in brackets")]
    [InlineData("10.0.0.2:0", null, "the port is not from 1 to 65535")]
    [InlineData("10.0.0.2:65536", null, "the port is not from 1 to 65535")]
    public void Endpoint_has_an_address_and_a_port(string text, string? endpoint, string? reason) =>
        AssertScalar(new EndpointKind(), text, endpoint is null ? null : IPEndPoint.Parse(endpoint),
            reason is null ? null
            : $"{reason}. Write an address and a port such as 10.0.0.2:7443 or \"[2001:db8::2]:7443\"");

    [Theory]
    [InlineData("true", true, null)]
    [InlineData("false", false, null)]
    [InlineData("yes", null, "neither true nor false. Write true or false")]
    [InlineData("True", null, "neither true nor false. Write true or false")]
    [InlineData("'true'", null, "text, because it is in quotes. Remove the quotes")]
    public void Boolean_is_true_or_false(string text, bool? value, string? error) =>
        AssertScalar(new BooleanKind(), text, value, error);

    [Theory]
    [InlineData("xdp", EngineKind.Xdp, null)]
    [InlineData("xpd", null, "not a possible value. Did you mean xdp?")]
    [InlineData("kernel", null, "not a possible value. Write xdp or managed")]
    public void Choice_is_one_of_its_words(string text, EngineKind? value, string? error) => AssertScalar(
        new ChoiceKind<EngineKind>(new("xdp", EngineKind.Xdp, ""), new("managed", EngineKind.Managed, "")), text,
            value, error);

    [Theory]
    [InlineData("a", null)]
    [InlineData("web-1_x", null)]
    [InlineData("9", null)]
    [InlineData("-web", "not a possible name")]
    [InlineData("Web", "not a possible name")]
    [InlineData("web.1", "not a possible name")]
    public void Name_is_of_lower_case_letters(string text, string? reason) =>
        AssertScalar(TextKind.Name, text, reason is null ? text : null,
        reason is null ? null
            : $"{reason}. Write a name of 1 to 63 characters of a-z, 0-9, - and _ that begins with a letter or digit");

    [Fact]
    public void Text_that_is_too_long_says_how_long()
    {
        AssertScalar(TextKind.Name, new string('a', 63), new string('a', 63), null);
        AssertScalar(TextKind.Name, new string('a', 64), (string?)null,
            "has 64 characters; 63 are possible. Write a name of 1 to 63 "
            + "characters of a-z, 0-9, - and _ that begins with a letter or digit");
        AssertScalar(TextKind.InterfaceName, new string('e', 15), new string('e', 15), null);
        Assert.StartsWith("has 16 characters; 15 are possible.",
            Read(TextKind.InterfaceName, new string('e', 16), out _), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/sys/fs/bpf", true)]
    [InlineData("/a", true)]
    [InlineData("/", false)]
    [InlineData("sys", false)]
    [InlineData("/a/../b", false)]
    [InlineData("/a/./b", false)]
    [InlineData("/a//b", false)]
    [InlineData("/a/", false)]
    [InlineData("/a/..b", true)]
    public void Path_is_absolute_and_without_dots(string text, bool isValid) =>
        Assert.Equal(isValid, Read(TextKind.FolderPath, text, out _) is null);

    [Theory]
    [InlineData(".", false)]
    [InlineData("..", false)]
    [InlineData("eth0.100", true)]
    [InlineData("eth0:1", false)]
    [InlineData("eth 0", false)]
    public void Interface_name_is_one_that_the_kernel_allows(string text, bool isValid) =>
        Assert.Equal(isValid, Read(TextKind.InterfaceName, text, out _) is null);

    [Theory]
    [InlineData("8f1c2a63b0d94e57a1c3f5e7092b4d6f", null)]
    [InlineData("8F1C2A63B0D94E57A1C3F5E7092B4D6F", null)]
    [InlineData("8f1c2a63b0d94e57a1c3f5e7092b4d6g", "has characters other than 0-9 and a-f")]
    [InlineData("8f1c", "has 4 characters instead of 32")]
    public void Hash_key_has_32_hexadecimal_digits(string text, string? reason) => AssertScalar(new HashKeyKind(), text,
        reason is null ? new HashKey(0x8f1c2a63b0d94e57, 0xa1c3f5e7092b4d6f) : (HashKey?)null,
        reason is null ? null : $"{reason}. Write 32 hexadecimal digits in quotes; `openssl rand -hex 16` makes a key");

    [Fact]
    public void Byte_string_has_one_byte_per_character()
    {
        Assert.Null(Read(new ByteStringKind(), "\u00ff", out var value));
        Assert.Equal("\u00ff", value);
        Assert.Equal("has a character that is more than one byte. Write its bytes, such as \"\\xc3\\xa9\"",
            Read(new ByteStringKind(), "\u0100", out _));
        Assert.Null(Read(new ByteStringKind(), new string('x', 1024), out _));
        Assert.StartsWith("has 1025 characters.", Read(new ByteStringKind(), new string('x', 1025), out _),
            StringComparison.Ordinal);
        Assert.StartsWith("has 0 characters.", Read(new ByteStringKind(), "''", out _), StringComparison.Ordinal);
    }

    [Fact]
    public void Absent_value_and_other_forms_are_rejected_with_what_to_write()
    {
        Assert.Equal("there is no value. Write true or false", Read(new BooleanKind(), "", out _));
        Assert.Equal("there is no value. Write true or false", Read(new BooleanKind(), "~", out _));
        var issues = new IssueList();
        Assert.False(new BooleanKind().TryBind(new ListNode(new Position(1, 1), []),
            DocumentPath.Key(DocumentPath.Root, "p"), issues, out _));
        Assert.Equal("p: this is a list. Write true or false.", issues.Errors.Single().ToString());
    }

    [Fact]
    public void Written_form_of_a_default_reads_back()
    {
        AssertWritten(new SecondsKind(0.1, 10), TimeSpan.FromSeconds(2.5), "2.5");
        AssertWritten(new MinHealthyMonitorsKind(), MinHealthyMonitors.All, "\"all\"");
        AssertWritten(new MinHealthyMonitorsKind(), new MinHealthyMonitors(2), "2");
        AssertWritten(new PortRangeKind(), new PortRange(80, 90), "\"80-90\"");
        AssertWritten(new PrefixKind(null), IPNetwork.Parse("10.0.0.1/32"), "\"10.0.0.1\"");
        AssertWritten(new BooleanKind(), true, "true");
        AssertWritten(new IntegerKind(0, 9), 7, "7");
    }

    private static void AssertWritten<T>(ScalarKind<T> kind, T value, string json)
    {
        Assert.Equal(json, kind.ToJson(value)!.ToJsonString());
        Assert.Null(Read(kind, json.Trim('"'), out var read));
        Assert.Equal(value, read);
    }

    private static void AssertScalar<T>(ScalarKind<T> kind, string text, T? value, string? error)
        where T : struct
    {
        Assert.Equal(error, Read(kind, text, out var read));
        if (error is null)
            Assert.Equal(value!.Value, read);
        AssertTryRead(kind, text, error is null);
    }

    private static void AssertScalar<T>(ScalarKind<T> kind, string text, T? value, string? error)
        where T : class
    {
        Assert.Equal(error, Read(kind, text, out var read));
        if (error is null)
            Assert.Equal(value, read);
        AssertTryRead(kind, text, error is null);
    }

    // The path without issues accepts the same texts.
    private static void AssertTryRead<T>(ScalarKind<T> kind, string text, bool isValid) =>
        Assert.Equal(isValid, kind.TryRead(NodeOf(text), out _));

    /// <summary>The reason and the remedy; null: the text is valid.</summary>
    private static string? Read<T>(ScalarKind<T> kind, string text, out T? value)
    {
        var issues = new IssueList();
        bool isRead = kind.TryBind(NodeOf(text), DocumentPath.Key(DocumentPath.Root, "p"), issues, out value);
        Assert.Equal(isRead, !issues.HasErrors);
        return issues.Errors.Select(static e =>
            $"{e.Reason}. {e.Remedy}").SingleOrDefault();
    }

    private static ScalarNode NodeOf(string text) => text is ['\'', .., '\'']
        ? new ScalarNode(new Position(1, 1), text[1..^1], true) : new ScalarNode(new Position(1, 1), text, false);
}
