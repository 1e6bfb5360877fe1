using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Sidestep.Api.Status;
using Sidestep.Cli.Top;
using Sidestep.Forwarding;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep top</c>: rates of services, servers and drops, live and full-screen.</summary>
public static class TopCommand
{
    private const string Enter = "\x1b[?1049h\x1b[?25l", Leave = "\x1b[?25h\x1b[?1049l", Home = "\x1b[H",
        ClearLine = "\x1b[K", ClearBelow = "\x1b[J";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1), KeyInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>The command.</summary>
    /// <param name="read">Reads the status of a director; null: there is no such director. Throws
    /// <see cref="EngineException"/> if it cannot be read.</param>
    public static Command Create(Func<DirectorTarget, DirectorStatus?> read)
    {
        var command = new Command("top",
            $"Show the rates of services, servers and drops of a director, live. Keys: {TopState.Help}. Exit codes: 0: "
                + "ended by q or Ctrl+C; 1: there is no such director; 2: it cannot be read, or there is no terminal.");
        var which = new DirectorOptions(command);
        command.SetAction(parsed =>
        {
            var console = parsed.InvocationConfiguration;
            if (which.Read(parsed) is not { } director)
                return ExitCode.Unusable;
            if (Console.IsOutputRedirected || Console.IsInputRedirected)
            {
                console.Error.WriteLine("error: top needs a terminal: use sidestep status --json in programs");
                return ExitCode.Unusable;
            }
            return Run(director, read, console.Error);
        });
        return command;
    }

    private static int Run(DirectorTarget director, Func<DirectorTarget, DirectorStatus?> read, TextWriter error)
    {
        using var stop = new CancellationTokenSource();
        void Stop(PosixSignalContext context)
        {
            // The terminal is restored before the process ends.
            context.Cancel = true;
            stop.Cancel();
        }
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        try
        {
            if (read(director) is not { } first)
                return DirectorOptions.Missing(director, error);
            Console.Out.Write(Enter);
            try
            {
                return Watch(first, () => read(director), stop.Token) ? ExitCode.Ok
                    : DirectorOptions.Missing(director, error);
            }
            finally
            {
                Console.Out.Write(Leave);
            }
        }
        catch (EngineException e)
        {
            error.WriteLine($"error: {e.Message}");
            return ExitCode.Unusable;
        }
    }

    /// <returns>False: the director is gone.</returns>
    private static bool Watch(DirectorStatus first, Func<DirectorStatus?> read, CancellationToken stop)
    {
        var state = new TopState();
        var (before, now) = (first, first);
        long at = Stopwatch.GetTimestamp();
        double seconds = Interval.TotalSeconds;
        while (!state.HasEnded && !stop.IsCancellationRequested)
        {
            var rows = new TopRows(before, now, seconds);
            Draw(now, rows, state);
            while (Stopwatch.GetElapsedTime(at) < Interval && !state.HasEnded && !stop.IsCancellationRequested)
            {
                if (Console.KeyAvailable)
                {
                    state.Press(Console.ReadKey(intercept: true), state.TableOf(rows).Rows);
                    Draw(now, rows, state);
                }
                else
                    stop.WaitHandle.WaitOne(KeyInterval);
            }
            if (state.HasEnded || stop.IsCancellationRequested)
                break;
            if (read() is not { } next)
                return false;
            seconds = Stopwatch.GetElapsedTime(at).TotalSeconds;
            at = Stopwatch.GetTimestamp();
            (before, now) = (now, next);
        }
        return true;
    }

    private static void Draw(DirectorStatus status, TopRows rows, TopState state)
    {
        var (width, height) = (Math.Max(20, Console.WindowWidth), Math.Max(5, Console.WindowHeight));
        var lines = TopScreen.Lines(status, rows, state, width, height, TextConsole.HasColours(Console.Out));
        // Without a line end after the last line, which would scroll.
        Console.Out.Write(Home + string.Join(ClearLine + "\r\n", lines) + ClearLine + ClearBelow);
    }
}
