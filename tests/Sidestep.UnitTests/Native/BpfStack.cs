using System.Buffers.Binary;
using ELFSharp.ELF;
using ELFSharp.ELF.Sections;

namespace Sidestep.UnitTests.Native;

/// <summary>The stack that a compiled BPF object needs, by the rules of kernels before 6.8, the strictest: they round
/// each function's stack up to 32 bytes (check_max_stack_depth in kernel/bpf/verifier.c).</summary>
internal sealed class BpfStack
{
    public const int LimitBytes = 512;
    private const int RoundedTo = 32, InstructionBytes = 8, RelocationBytes = 16, StackPointer = 10;
    private const byte Call = 0x85, LoadImmediate = 0x18, MoveRegister = 0xbf, AddImmediate = 0x07;
    private const int PseudoCall = 1, PseudoFunction = 4;

    // The lower three bits of an instruction's first byte.
    private const int ClassMask = 7, Load = 1, StoreImmediate = 2, Store = 3;

    private readonly Dictionary<(int Section, long Instruction), Function> _functions = [];

    /// <summary>Reads an object file of clang.</summary>
    public BpfStack(Stream file)
    {
        using var elf = ELFReader.Load<ulong>(file, shouldOwnStream: false);
        var sections = elf.Sections.ToArray();
        var symbols = sections.OfType<SymbolTable<ulong>>().Single().Entries.ToArray();
        var code = symbols.Where(static s => s.Type == SymbolType.Function)
            .Select(s => (Symbol: s, Section: Array.IndexOf(sections, s.PointedSection))).ToArray();
        foreach (var (symbol, section) in code)
            _functions.Add((section, (long)symbol.Value / InstructionBytes), new Function(symbol.Name));
        foreach (var (symbol, section) in code)
        {
            var relocations = RelocationsOf(sections, section, symbols);
            Read(sections[section].GetContents(), section, (long)symbol.Value / InstructionBytes,
                (long)symbol.Size / InstructionBytes, at => relocations.GetValueOrDefault(at));
        }
    }

    /// <summary>The deepest chain of calls: its functions with their stack in bytes, and the sum of these, each rounded
    /// up.</summary>
    public (int Bytes, string Calls) Deepest() => _functions.Values.Select(DeepestOf).MaxBy(static d => d.Bytes);

    private static (int Bytes, string Calls) DeepestOf(Function function)
    {
        var below = function.Callees.Select(DeepestOf).DefaultIfEmpty((Bytes: 0, Calls: "")).MaxBy(static d => d.Bytes);
        var own = (Math.Max(function.StackBytes, 1) + RoundedTo - 1) / RoundedTo * RoundedTo;
        return (own + below.Bytes, $"{function.Name} {function.StackBytes}"
            + (below.Calls.Length > 0 ? $", {below.Calls}" : ""));
    }

    private void Read(byte[] code, int section, long first, long count, Func<long, (int Section, long At)?> symbolAt)
    {
        var function = _functions[(section, first)];
        var pointers = new HashSet<int> { StackPointer };
        for (var at = first; at < first + count; at++)
        {
            var instruction = code.AsSpan((int)at * InstructionBytes, InstructionBytes);
            int destination = instruction[1] & 15, source = instruction[1] >> 4;
            int offset = BinaryPrimitives.ReadInt16LittleEndian(instruction[2..]);
            var immediate = BinaryPrimitives.ReadInt32LittleEndian(instruction[4..]);
            var kind = instruction[0] & ClassMask;
            if (kind == Load && source == StackPointer
                || kind is Store or StoreImmediate && destination == StackPointer)
                function.Uses(-offset);
            if (instruction[0] == AddImmediate && pointers.Contains(destination) && destination != StackPointer)
                function.Uses(-immediate);
            else if (instruction[0] == MoveRegister && source == StackPointer)
                pointers.Add(destination);
            else if (kind is not (Store or StoreImmediate) && destination != StackPointer)
                pointers.Remove(destination);
            if (instruction[0] == Call && source == PseudoCall)
                // Without a relocation the target is in the same section, relative to the next instruction.
                function.Callees.Add(symbolAt(at) is var (other, start)
                    ? _functions[(other, start + immediate + 1)] : _functions[(section, at + immediate + 1)]);
            else if (instruction[0] == LoadImmediate)
            {
                if (symbolAt(at) is var (other, start)
                    && _functions.TryGetValue((other, start + immediate / InstructionBytes), out var callback))
                    function.Callees.Add(callback);
                at++; // it takes two
            }
        }
    }

    /// <summary>The place of the symbol that each instruction of a section refers to.</summary>
    private static Dictionary<long, (int Section, long At)?> RelocationsOf(
        ISection[] sections, int section, SymbolEntry<ulong>[] symbols)
    {
        var relocations = new Dictionary<long, (int, long)?>();
        if (sections.FirstOrDefault(s => s.Name == $".rel{sections[section].Name}") is not { } table)
            return relocations;
        foreach (var entry in table.GetContents().Chunk(RelocationBytes))
        {
            var at = BinaryPrimitives.ReadInt64LittleEndian(entry) / InstructionBytes;
            var symbol = symbols[BinaryPrimitives.ReadInt32LittleEndian(entry.AsSpan(12))];
            if (symbol.PointedSection is { } pointed)
                relocations[at] = (Array.IndexOf(sections, pointed), (long)symbol.Value / InstructionBytes);
        }
        return relocations;
    }

    private sealed record Function(string Name)
    {
        public int StackBytes { get; private set; }

        public HashSet<Function> Callees { get; } = new(ReferenceEqualityComparer.Instance);

        public void Uses(int bytes) => StackBytes = Math.Max(StackBytes, bytes);
    }
}
