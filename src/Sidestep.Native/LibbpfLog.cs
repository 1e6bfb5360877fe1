using System.Runtime.InteropServices;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Collects the last messages of libbpf for error texts, so that libbpf does not write to standard
/// error.</summary>
internal static unsafe class LibbpfLog
{
    private const int MaxLines = 40;
    private const int LineBytes = 2048;
    private const int LevelDebug = 2;
    private static readonly Lock Gate = new();
    private static readonly Queue<string> Lines = new();

    internal static void Install() => Libbpf.libbpf_set_print(&Print);

    internal static void Clear()
    {
        lock (Gate)
            Lines.Clear();
    }

    internal static string Text()
    {
        lock (Gate)
            return string.Concat(Lines).TrimEnd();
    }

    /// <summary>On x86-64 and arm64, the va_list of the C signature is passed by address.</summary>
    [UnmanagedCallersOnly]
    private static int Print(int level, byte* format, void* arguments)
    {
        if (level >= LevelDebug)
            return 0;
        var buffer = stackalloc byte[LineBytes];
        var length = Libc.vsnprintf(buffer, LineBytes, format, arguments);
        var line = Marshal.PtrToStringUTF8((nint)buffer) ?? "";
        lock (Gate)
        {
            Lines.Enqueue(line);
            if (Lines.Count > MaxLines)
                Lines.Dequeue();
        }
        return length;
    }
}
