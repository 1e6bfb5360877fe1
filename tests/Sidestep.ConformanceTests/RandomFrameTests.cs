using Sidestep.ConformanceTests.Cases;
using Sidestep.ConformanceTests.Xdp;
using Sidestep.Forwarding;

namespace Sidestep.ConformanceTests;

/// <summary>What must hold for any frame, however broken. Seeds are fixed: a failure can be repeated.</summary>
[Collection(OneAtATime.Name)]
public sealed class RandomFrameTests(Engines engines)
{
    private const int Frames = 20_000;

    private static readonly Case[] Templates = [.. CaseTable.All.Where(static c => c.Given.NextHops.Interfaces.Count == 1)];

    [Theory]
    [InlineData(Engines.OneArm, 1)]
    [InlineData(Engines.SeveralArms, 2)]
    public void Every_frame_gets_an_allowed_action_and_is_counted_once(string engineName, int seed)
    {
        var engine = Prepared(engineName);
        var random = new Random(seed);
        var before = Counts.Of(engine.ReadCounters());
        var decided = new Dictionary<XdpAction, ulong>();
        for (var i = 0; i < Frames; i++)
        {
            var frame = Damaged(random);
            var result = engine.Trace(frame, 1);
            decided[result.Action] = decided.GetValueOrDefault(result.Action) + 1;
            if (result.Action == XdpAction.Pass)
                FrameAssert.Equal(frame, result.Frame.Span);
            if (result.Action == XdpAction.Transmit)
                Assert.InRange(result.Frame.Length - frame.Length, 0, 20);
        }

        var counted = Counts.Of(engine.ReadCounters()).Since(before);
        Assert.Empty(decided.Keys.Except([XdpAction.Drop, XdpAction.Pass, XdpAction.Transmit]));
        Assert.Equal(decided[XdpAction.Drop], counted.Packets("drop "));
        Assert.Equal(decided[XdpAction.Transmit], counted.Packets("service ") + counted.Packets("answer-"));
        Assert.Equal(counted.Packets("service "), counted.Packets("server "));
        Assert.Equal(0UL, counted.Packets("drop tables-inconsistent"));
        Assert.Equal(0UL, counted.Packets("drop no-headroom"));
    }

    [Fact]
    public void Frames_change_no_table()
    {
        var engine = Prepared(Engines.OneArm);
        var before = Outcomes(engine);
        var random = new Random(3);
        for (var i = 0; i < Frames; i++)
            engine.Trace(Damaged(random), 1);
        Assert.Equal(before, Outcomes(engine));
    }

    [Fact]
    public void Every_length_and_traffic_class_gets_a_right_outer_header()
    {
        var engine = Prepared(Engines.OneArm);
        for (var payload = 0; payload <= 1440; payload++)
        {
            var tos = payload & 0xff;
            var input = CaseTable.Frame($"[ipv4: {{to: vip-l3, tos: {tos}}}, tcp: {{}}, payload: {payload}]");
            var outer = CaseTable.Frame(
                $"[ethernet: {{to: router, from: director}}, ipv4: {{from: director, to: far1, tos: {tos}, totalLength: {60 + payload}, protocol: 4, id: 0, flags: df, ttl: 64}}]");
            FrameAssert.Equal([.. outer, .. input[14..]], engine.Trace(input, 1).Frame.Span);
        }
    }

    [Fact]
    public void Every_truncation_of_a_datagram_to_a_VIP_is_passed_or_malformed()
    {
        var engine = Prepared(Engines.OneArm);
        var whole = CaseTable.Frame("[ipv4: {}, tcp: {flags: PA}, payload: 30]");
        for (var length = 14; length < whole.Length; length++)
        {
            var before = Counts.Of(engine.ReadCounters());
            var result = engine.Trace(whole.AsSpan(0, length), 1);
            var malformed = Counts.Of(engine.ReadCounters()).Since(before).Packets("drop malformed");
            Assert.Equal(length < 42 ? (XdpAction.Pass, 0UL) : (XdpAction.Drop, 1UL), (result.Action, malformed));
        }
    }

    private IEngine Prepared(string name)
    {
        var given = CaseTable.Given();
        engines[name].Apply(TableCompiler.Compile(given.Configuration, given.NextHops));
        return engines[name];
    }

    /// <summary>Noise, or a frame of the table with a few bytes changed, mostly in its headers, and perhaps cut off.</summary>
    private static byte[] Damaged(Random random)
    {
        byte[] frame;
        if (random.Next(10) == 0)
        {
            frame = new byte[random.Next(14, 200)];
            random.NextBytes(frame);
            return frame;
        }
        frame = [.. Templates[random.Next(Templates.Length)].In];
        for (var changes = random.Next(4); changes > 0; changes--)
            frame[random.Next(Math.Min(frame.Length, 54))] = (byte)random.Next(256);
        return random.Next(4) == 0 ? frame[..random.Next(14, frame.Length + 1)] : frame;
    }

    /// <summary>What becomes of the frames of the table, as text.</summary>
    private static string Outcomes(IEngine engine) => string.Join('\n', Templates.Select(c =>
    {
        var result = engine.Trace(c.In, 1);
        return $"{c.Sentence}: {result.Action} {(result.Action == XdpAction.Drop ? "" : Convert.ToHexStringLower(result.Frame.Span))}";
    }));
}
