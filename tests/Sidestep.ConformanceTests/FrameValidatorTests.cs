using Sidestep.ConformanceTests.Cases;
using Sidestep.ConformanceTests.Robustness;
using Sidestep.Forwarding;

namespace Sidestep.ConformanceTests;

/// <summary>Tests of the validator of random frames: it accepts the outcomes of the case table, and rejects frames that
/// must not be sent.</summary>
public sealed class FrameValidatorTests
{
    private const string SixInSix =
        "[ethernet: {to: router, from: director}, ipv6: {from: director6, to: far6, hopLimit: 64}, udp: {from: 50000, "
        + "to: 6080}, gue: {}, ";

    [Fact]
    public void Every_expected_output_frame_of_the_case_table_is_valid()
    {
        var steps = CaseTable.All.SelectMany(static c => c.Steps.Select(s => (Row: c, Step: s))).Where(static s =>
            s.Step.Decision is not (Decision.Pass or Decision.Drop or Decision.DeliverLocally or Decision.Punted));
        Assert.All(
            steps, static s => Assert.Null(new FrameValidator(s.Step.Given).Validate(s.Step.In, s.Step.Expected([])!)));
    }

    [Theory]
    [InlineData("[ipv4: {to: vip-l3}, tcp: {}, payload: 7]",
        "[ethernet: {to: router, from: director}, ipv4: {from: director, to: far1, id: 0, flags: df, ttl: 64}, ipv4: "
        + "{to: vip-l3}, tcp: {}, payload: 7]")]
    [InlineData("[ipv6: {}, tcp: {}, payload: 8]", SixInSix + "ipv6: {}, tcp: {}, payload: 8]")]
    [InlineData("[ipv6: {}, icmpv6: {}, payload: 8]",
        "[ethernet: {to: router, from: director}, ipv6: {from: vip6, to: client6, hopLimit: 64}, icmpv6: {type: 129}, "
        + "payload: 8]")]
    [InlineData("[ethernet: {to: broadcast}, arp: {}]",
        "[ethernet: {to: router, from: director}, arp: {operation: reply, senderMac: director, sender: vip, "
        + "targetMac: router, target: router}]")]
    public void Any_flipped_bit_makes_an_output_frame_invalid(string input, string output)
    {
        var validator = new FrameValidator(CaseTable.Given(
            """
            interfaces: {uplink: {address6: director6}}
            pools: {far6: {servers: {far6: {address: far6}}}}
            services: {in6: {vip: vip6, protocol: tcp, port: 80, pool: far6}}
            """));
        var (received, right) = (CaseTable.Frame(input), CaseTable.Frame(output));
        Assert.Null(validator.Validate(received, right));
        for (var bit = 0; bit < right.Length * 8; bit++)
        {
            var wrong = right.ToArray();
            wrong[bit / 8] ^= (byte)(1 << bit % 8);
            if (!MayDiffer(right, bit / 8))
                Assert.True(validator.Validate(received, wrong) is not null,
                    $"bit {bit % 8} of byte {bit / 8} may have any value");
        }
    }

    /// <summary>The flow label of IPv6, and in a reply the traffic class and the hop limit.</summary>
    private static bool MayDiffer(byte[] frame, int at) =>
        frame[12] == 0x86 && (at is >= 15 and <= 17 || frame[20] == 58 && at is 14 or 21);
}
