using System.Net;
using Sidestep.Control.Health;
using Sidestep.Daemon.Probes;
using Sidestep.Model;

namespace Sidestep.UnitTests.Daemon.Probes;

/// <summary>Messages by RFC 1035 section 4.</summary>
public sealed class DnsProbeTests
{
    private const string EncodedQuery = "03777777076578616d706c6500 0001 0001";
    private static readonly DnsExpectation Www = new("www.example", DnsRecordType.A, 0, null);

    [Fact]
    public void Query_has_one_question_a_random_ID_and_desires_recursion()
    {
        var query = DnsProbe.BuildQuery(Www)!;
        Assert.Equal(FrameBytes.Hex("0100 0001 0000 0000 0000" + EncodedQuery), query[2..]);
        Assert.True(Enumerable.Range(0, 20).Select(static _ => DnsProbe.BuildQuery(Www)!)
            .Select(static q => (q[0], q[1])).Distinct().Count() > 10);
    }

    [Theory]
    [InlineData("www.example.", DnsRecordType.A, EncodedQuery)]
    [InlineData(".", DnsRecordType.Aaaa, "00 001c 0001")]
    [InlineData("a", DnsRecordType.Aaaa, "0161 00 001c 0001")]
    public void Name_is_written_as_labels(string name, DnsRecordType type, string question) =>
        Assert.Equal(FrameBytes.Hex(question), DnsProbe.BuildQuery(new DnsExpectation(name, type, 0, null))![12..]);

    [Fact]
    public async Task Name_with_an_invalid_label_is_not_sent()
    {
        Assert.NotNull(DnsProbe.BuildQuery(Www with { Name = new string('a', 63) + ".example" }));
        foreach (var name in new[] { "www..example", "", new string('a', 64) + ".example" })
        {
            Assert.Equal(ProbeResult.NotSent($"{name} is not a domain name"),
                await DnsProbe.RunAsync(LocalServer.Closed(), Www with { Name = name },
                TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task Response_of_a_server_is_evaluated()
    {
        var (endpoint, received) = LocalServer.Udp(static query => [.. query[..2], 0x81, 0x80, .. query[4..]]);
        Assert.Equal(ProbeResult.Success,
            await DnsProbe.RunAsync(endpoint, Www, TestContext.Current.CancellationToken));
        Assert.Equal(FrameBytes.Hex(EncodedQuery), (await received)[12..]);
    }

    [Theory]
    [InlineData("1235 8180 0001 0000 0000 0000")] // another ID
    [InlineData("1234 0180 0001 0000 0000 0000")] // a query
    [InlineData("1234 8180 0001 0000 0000 00")] // cut off
    [InlineData("")]
    public void Message_that_is_no_response_to_the_query_is_a_failure(string response) =>
        Assert.Equal(ProbeResult.WrongAnswer("the response does not belong to the query"), Evaluate(response, Www));

    [Theory]
    [InlineData("8183", 0, "response code 3 instead of 0")]
    [InlineData("8180", 3, "response code 0 instead of 3")]
    [InlineData("8183", 3, null)]
    [InlineData("81f0", 0, null)] // AD, CD and RA do not belong to the code
    public void Response_code_is_compared(string flags, int expected, string? failure) => Assert.Equal(
        failure is null ? ProbeResult.Success : ProbeResult.WrongAnswer(failure),
        Evaluate($"1234 {flags} 0001 0000 0000 0000 {EncodedQuery}", Www with { ResponseCode = expected }));

    /// <summary>An answer is name, type, class, TTL, length and data; the name may be a pointer (section
    /// 4.1.4).</summary>
    [Theory]
    [InlineData("192.0.2.80", "c00c 0001 0001 0000003c 0004 c0000250")]
    [InlineData("192.0.2.80",
        "c00c 0005 0001 0000003c 0002 c010 c00c 0001 0001 0000003c 0004 c0000250")] // behind a CNAME
    [InlineData("192.0.2.80", "03777777076578616d706c6500 0001 0001 0000003c 0004 c0000250")]
    [InlineData("192.0.2.80", "03777777c010 0001 0001 0000003c 0004 c0000250")]
    [InlineData("2001:db8::80", "c00c 001c 0001 0000003c 0010 20010db8000000000000000000000080")]
    public void Expected_address_is_found_among_the_answers(string address, string answers)
    {
        var expectation = Www with { Address = IPAddress.Parse(address) };
        Assert.Equal(ProbeResult.Success,
            Evaluate($"1234 8180 0001 0002 0000 0000 {EncodedQuery} {answers}", expectation));
    }

    [Theory]
    [InlineData("", "there are no addresses")]
    [InlineData("c00c 0001 0001 0000003c 0004 c0000251", "192.0.2.81")]
    [InlineData("c00c 0001 0001 0000003c 0004 c0000251 c00c 0001 0001 0000003c 0004 c0000252",
        "192.0.2.81, 192.0.2.82")]
    [InlineData("c00c 0001 0001 0000003c 0005 c000025000", "there are no addresses")] // a wrong length
    [InlineData("c00c 0001 0001 0000003c 0004 c00002", "there are no addresses")] // cut off
    [InlineData("c00c 0001 0001 0000003c 00", "there are no addresses")]
    [InlineData("c00c 0010 0001 0000003c 0004 c0000250", "there are no addresses")] // TXT
    public void Other_addresses_are_listed(string answers, string found)
    {
        var expectation = Www with { Address = IPAddress.Parse("192.0.2.80") };
        Assert.Equal(ProbeResult.WrongAnswer($"no answer is 192.0.2.80: {found}"),
            Evaluate($"1234 8180 0001 0003 0000 0000 {EncodedQuery} {answers}", expectation));
    }

    [Fact]
    public void At_most_four_addresses_are_listed()
    {
        var answers = string.Concat(Enumerable.Range(1, 6)
            .Select(static n => $"c00c 0001 0001 0000003c 0004 c00002{n:x2}"));
        Assert.Equal("no answer is 192.0.2.80: 192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4",
            Evaluate($"1234 8180 0001 0006 0000 0000 {EncodedQuery} {answers}",
            Www with { Address = IPAddress.Parse("192.0.2.80") }).Reason);
    }

    [Fact]
    public void Answers_beyond_the_announced_number_do_not_count()
    {
        var result = Evaluate($"1234 8180 0001 0000 0001 0000 {EncodedQuery} c00c 0001 0001 0000003c 0004 c0000250",
            Www with { Address = IPAddress.Parse("192.0.2.80") });
        Assert.Equal(ProbeResultKind.Failure, result.Kind);
    }

    [Fact]
    public void Random_responses_are_evaluated_without_a_fault()
    {
        var random = new Random(1);
        var expectation = Www with { Address = IPAddress.Parse("192.0.2.80") };
        for (var i = 0; i < 20_000; i++)
        {
            var response = new byte[random.Next(12, 80)];
            random.NextBytes(response);
            FrameBytes.Hex("12348180").CopyTo(response, 0);
            Assert.Equal(ProbeResultKind.Failure,
                DnsProbe.Evaluate(response, FrameBytes.Hex("1234"), expectation).Kind);
        }
    }

    private static ProbeResult Evaluate(string response, DnsExpectation expectation) =>
        DnsProbe.Evaluate(FrameBytes.Hex(response), FrameBytes.Hex("1234"), expectation);
}
