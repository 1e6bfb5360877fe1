namespace Sidestep.ConformanceTests.Abi;

/// <summary>Converts names between C and C#: slot_block and SlotBlock, SLOT_BLOCKS and SlotBlocks.</summary>
internal static class CNames
{
    public static string Snake(string pascal) => string.Concat(
        pascal.Select(static (c, i) => char.IsUpper(c) ? $"{(i > 0 ? "_" : "")}{char.ToLowerInvariant(c)}" : $"{c}"));

    public static string Pascal(string snake) => string.Concat(
        snake.Split('_', StringSplitOptions.RemoveEmptyEntries).Select(
            static w => $"{char.ToUpperInvariant(w[0])}{w[1..].ToLowerInvariant()}"));
}
