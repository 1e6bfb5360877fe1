using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>A classic socket filter (SO_ATTACH_FILTER, socket(7)) that compares bytes.</summary>
internal static unsafe class SocketFilter
{
    // BPF_LD | BPF_B | BPF_ABS, BPF_JMP | BPF_JEQ | BPF_K, BPF_RET | BPF_K
    private const ushort LoadByte = 0x30, JumpIfEqual = 0x15, Return = 0x06;
    private const uint WholeFrame = uint.MaxValue;

    /// <summary>Attaches a filter that accepts only frames whose byte at each offset has the value.</summary>
    internal static void Attach(int socket, ReadOnlySpan<(int Offset, byte Value)> conditions)
    {
        var program = Program(conditions);
        fixed (ulong* instructions = program)
        {
            // struct sock_fprog
            var header = stackalloc nint[2];
            header[0] = program.Length;
            header[1] = (nint)instructions;
            if (Libc.setsockopt(socket, Libc.SOL_SOCKET, Libc.SO_ATTACH_FILTER, header, (uint)(2 * sizeof(nint))) != 0)
                throw NativeException.OfLastError("setsockopt SO_ATTACH_FILTER");
        }
    }

    /// <summary>The instructions of the filter, each a struct sock_filter: code, jump if true, jump if false,
    /// k.</summary>
    internal static ulong[] Program(ReadOnlySpan<(int Offset, byte Value)> conditions)
    {
        var program = new ulong[2 * conditions.Length + 2];
        for (var i = 0; i < conditions.Length; i++)
        {
            var toReject = (byte)(2 * (conditions.Length - i) - 1);
            program[2 * i] = Instruction(LoadByte, 0, (uint)conditions[i].Offset);
            program[2 * i + 1] = Instruction(JumpIfEqual, toReject, conditions[i].Value);
        }
        program[^2] = Instruction(Return, 0, WholeFrame);
        program[^1] = Instruction(Return, 0, 0);
        return program;
    }

    private static ulong Instruction(ushort code, byte ifFalse, uint k) =>
        code | (ulong)ifFalse << 24 | (ulong)k << 32;
}
