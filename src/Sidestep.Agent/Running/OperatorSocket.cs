using System.Net.Sockets;
using System.Text;

namespace Sidestep.Agent.Running;

/// <summary>Where the local operator reaches a running agent: a Unix socket for root alone, a word a connection.</summary>
internal sealed class OperatorSocket : IDisposable
{
    private const int MaxCommandBytes = 64, Backlog = 8;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);
    private readonly Socket _socket;
    private readonly string _path;
    private readonly Func<string, string> _handler;
    private readonly Action<string> _log;
    private readonly Thread _thread;
    private volatile bool _ended;

    public OperatorSocket(string path, Func<string, string> handler, Action<string> log)
    {
        _path = path;
        _handler = handler;
        _log = log;
        // Of an agent that was killed: another one that runs would have been found.
        File.Delete(path);
        _socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _socket.Bind(new UnixDomainSocketEndPoint(path));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _socket.Listen(Backlog);
        _thread = new Thread(Serve) { IsBackground = true, Name = "operator" };
        _thread.Start();
    }

    public void Dispose()
    {
        _ended = true;
        _socket.Dispose();
        _thread.Join();
        File.Delete(_path);
    }

    private void Serve()
    {
        while (!_ended)
        {
            try
            {
                using var connection = _socket.Accept();
                connection.ReceiveTimeout = connection.SendTimeout = (int)Timeout.TotalMilliseconds;
                var buffer = new byte[MaxCommandBytes];
                var length = connection.Receive(buffer);
                connection.Send(Encoding.UTF8.GetBytes(_handler(Encoding.UTF8.GetString(buffer, 0, length).Trim())));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                if (!_ended)
                    _log($"an operator's connection failed: {e.Message}");
            }
        }
    }
}
