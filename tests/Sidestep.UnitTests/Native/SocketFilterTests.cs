using FsCheck.Fluent;
using Sidestep.Native;
using Sidestep.UnitTests.Packets;

namespace Sidestep.UnitTests.Native;

/// <summary>Classic socket filters, run by an interpreter of the three instructions that they consist of
/// (linux/filter.h: struct sock_filter is code, jump if true, jump if false and k).</summary>
public sealed class SocketFilterTests
{
    [Fact]
    public void Filter_without_conditions_accepts_every_frame() =>
        Assert.Equal(uint.MaxValue, Run(SocketFilter.Program([]), []));

    [Fact]
    public void Frame_that_meets_every_condition_is_accepted_whole()
    {
        var program = SocketFilter.Program([(20, 0), (21, 2)]);
        Assert.Equal(6, program.Length);
        Assert.Equal(uint.MaxValue, Run(program, [.. new byte[20], 0, 2]));
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(0, 1)]
    [InlineData(2, 0)]
    public void Frame_that_fails_one_condition_is_rejected(byte first, byte second) =>
        Assert.Equal(0u, Run(SocketFilter.Program([(20, 0), (21, 2)]), [.. new byte[20], first, second]));

    /// <summary>The kernel ends a filter with 0 when a load is beyond the frame.</summary>
    [Fact]
    public void Frame_that_is_too_short_is_rejected() =>
        Assert.Equal(0u, Run(SocketFilter.Program([(20, 0)]), new byte[20]));

    [Fact]
    public void Filter_accepts_exactly_the_frames_with_the_bytes() => Gens.Check(
        from conditions in Gen.ListOf(Gen.Choose(0, 7).Zip(Gen.Choose(0, 1).Select(static b => (byte)b)), 5)
        from frame in Gen.ArrayOf(Gen.Choose(0, 1).Select(static b => (byte)b), 8)
        select (Conditions: conditions.ToArray(), Frame: frame),
        static test => Run(SocketFilter.Program(test.Conditions), test.Frame)
            == (test.Conditions.All(c => test.Frame[c.Item1] == c.Item2) ? uint.MaxValue : 0));

    private static uint Run(ulong[] program, byte[] frame)
    {
        byte loaded = 0;
        for (var at = 0; ; at++)
        {
            var (code, ifTrue, ifFalse, k) =
                ((ushort)program[at], (byte)(program[at] >> 16), (byte)(program[at] >> 24), (uint)(program[at] >> 32));
            switch (code)
            {
                case 0x30: // BPF_LD | BPF_B | BPF_ABS
                    if (k >= frame.Length)
                        return 0;
                    loaded = frame[k];
                    break;
                case 0x15: // BPF_JMP | BPF_JEQ | BPF_K
                    at += loaded == k ? ifTrue : ifFalse;
                    break;
                case 0x06: // BPF_RET | BPF_K
                    return k;
                default:
                    throw new InvalidOperationException($"unknown instruction 0x{code:x}");
            }
        }
    }
}
